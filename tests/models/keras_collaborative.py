# After the Keras tutorials on recommending films by matrix factorisation, with a dot product of two embeddings.
from keras.layers import Dot, Embedding, Flatten, Input
from keras.models import Model

n_users, n_movies, n_factors = 610, 9724, 50

user = Input(shape=(1,))
u = Embedding(n_users, n_factors, embeddings_initializer="he_normal")(user)
u = Flatten()(u)
movie = Input(shape=(1,))
m = Embedding(n_movies, n_factors, embeddings_initializer="he_normal")(movie)
m = Flatten()(m)
x = Dot(axes=1)([u, m])
model = Model(inputs=[user, movie], outputs=x)
