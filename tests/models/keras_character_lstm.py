# After the Keras example "Character-level text generation with LSTM".
import keras
from keras import layers

chars = sorted("abcdefghijklmnopqrstuvwxyz0123456789 .,;:!?'()-_[]\n\"=&*")
char_indices = dict((c, i) for i, c in enumerate(chars))
maxlen = 40
step = 3

model = keras.Sequential(
    [
        keras.Input(shape=(maxlen, len(chars))),
        layers.LSTM(128),
        layers.Dense(len(chars), activation="softmax"),
    ]
)
optimizer = keras.optimizers.RMSprop(learning_rate=0.01)
model.compile(loss="categorical_crossentropy", optimizer=optimizer)
