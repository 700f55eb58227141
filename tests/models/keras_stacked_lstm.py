# After the Machine Learning Mastery tutorial "How to Develop LSTM Models for Time Series Forecasting", stacked LSTM.
from keras.layers import LSTM, Dense
from keras.models import Sequential
from numpy import array


def split_sequence(sequence, n_steps):
    X, y = list(), list()
    for i in range(len(sequence)):
        end = i + n_steps
        if end > len(sequence) - 1:
            break
        X.append(sequence[i:end])
        y.append(sequence[end])
    return array(X), array(y)


raw_seq = [10, 20, 30, 40, 50, 60, 70, 80, 90]
n_steps = 3
X, y = split_sequence(raw_seq, n_steps)
n_features = 1
X = X.reshape((X.shape[0], X.shape[1], n_features))

model = Sequential()
model.add(LSTM(50, activation="relu", return_sequences=True, input_shape=(n_steps, n_features)))
model.add(LSTM(50, activation="relu"))
model.add(Dense(1))
model.compile(optimizer="adam", loss="mse")
