"""A small convolutional network for handwritten digits; `explain model samples/digits.py --input 1x28x28`."""

import torch
from torch import nn
from torch.nn import functional


class Digits(nn.Module):
    """Two convolutions, each with a pool, then two dense layers."""

    def __init__(self, classes: int = 10) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 16, 3)
        self.conv2 = nn.Conv2d(16, 32, 3)
        self.pool = nn.MaxPool2d(2)
        self.drop = nn.Dropout(0.25)
        self.fc1 = nn.Linear(32 * 5 * 5, 64)
        self.fc2 = nn.Linear(64, classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Logits of each class, for images of 1x28x28."""
        x = self.pool(functional.relu(self.conv1(x)))
        x = self.pool(functional.relu(self.conv2(x)))
        x = self.drop(torch.flatten(x, 1))
        return self.fc2(functional.relu(self.fc1(x)))
