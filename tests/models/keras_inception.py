# After the Keras tutorials on inception blocks with the functional API.
from keras import Input, Model
from keras.layers import (
    AveragePooling2D,
    BatchNormalization,
    Concatenate,
    Conv2D,
    Dense,
    Flatten,
    MaxPooling2D,
    ReLU,
    concatenate,
)


def conv_bn(x, filters, size, strides=1, padding="same", name=None):
    x = Conv2D(filters, size, strides=strides, padding=padding, use_bias=False, name=name)(x)
    x = BatchNormalization(scale=False)(x)
    return ReLU()(x)


def inception(x, sizes):
    towers = []
    for size, filters in sizes.items():
        tower = conv_bn(x, filters // 2, 1)
        tower = conv_bn(tower, filters, size)
        towers.append(tower)
    pool = MaxPooling2D(3, strides=1, padding="same")(x)
    towers.append(conv_bn(pool, 32, 1))
    return Concatenate(axis=-1)(towers)


inputs = Input((64, 64, 3))
x = conv_bn(inputs, 32, 3, strides=2, padding="valid", name="stem")
x = inception(x, {3: 64, 5: 32})
x = inception(x, {3: 96, 5: 48, (1, 7): 24})
y = AveragePooling2D(2)(x)
z = MaxPooling2D(2)(x)
x = concatenate([y, z], axis=3)
x = Flatten()(x)
model = Model(inputs, Dense(5, activation="softmax")(x))
