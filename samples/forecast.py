"""Two LSTM layers that predict the next value of a series from the last three; `explain model samples/forecast.py`."""

import numpy as np
from keras import Input, Sequential
from keras.layers import LSTM, Dense

n_steps, n_features = 3, 1
series = np.sin(np.arange(500) / 10)
windows = np.lib.stride_tricks.sliding_window_view(series, n_steps + 1)
X, y = windows[:, :-1].reshape(-1, n_steps, n_features), windows[:, -1]

model = Sequential()
model.add(Input((n_steps, n_features)))
model.add(LSTM(30, activation="relu", return_sequences=True))
model.add(LSTM(30, activation="relu"))
model.add(Dense(1))
model.compile(optimizer="adam", loss="mse")

if __name__ == "__main__":
    model.fit(X, y, epochs=20, verbose=2)
