# After the Machine Learning Mastery tutorial on LSTM models for time series, encoder-decoder for several steps.
from keras.layers import LSTM, Dense, RepeatVector, TimeDistributed
from keras.models import Sequential

n_steps_in, n_steps_out = 3, 2
n_features = 1

model = Sequential()
model.add(LSTM(100, activation="relu", input_shape=(n_steps_in, n_features)))
model.add(RepeatVector(n_steps_out))
model.add(LSTM(100, activation="relu", return_sequences=True))
model.add(TimeDistributed(Dense(1)))
model.compile(optimizer="adam", loss="mse")
