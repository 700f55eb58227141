# After the Machine Learning Mastery tutorial on LSTM models for time series, a CNN-LSTM.
from keras.layers import LSTM, Conv1D, Dense, Flatten, MaxPooling1D, TimeDistributed
from keras.models import Sequential

n_seq, n_steps, n_features = 2, 2, 1

model = Sequential()
model.add(
    TimeDistributed(Conv1D(filters=64, kernel_size=1, activation="relu"), input_shape=(n_seq, n_steps, n_features))
)
model.add(TimeDistributed(MaxPooling1D(pool_size=2)))
model.add(TimeDistributed(Flatten()))
model.add(LSTM(50, activation="relu"))
model.add(Dense(1))
model.compile(optimizer="adam", loss="mse")
