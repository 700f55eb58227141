"""The commands whose whole output is kept in golden files: one row a page, its name and its command line."""

from __future__ import annotations

MLP_231 = (
    'explain mlp --x -2,3 --W "-1.6,0.8;0.3,0.6;1.6,-0.2" --b 0.3,0.5,-0.7 --W 0.2,0.8,-0.5 --b 0.6 '
    "--activation sigmoid --target 1 --loss binary-cross-entropy"
)
LSTM = (
    'explain lstm --x "1,0.5;-1,2" --W-f 0.2,0.6 --U-f -0.2 --b-f 0.5 --W-i 0.5,-0.4 --U-i 0.3 --b-i 0.1 '
    "--W-c -0.7,0.9 --U-c 0.4 --b-c 0 --W-o 0.3,0.1 --U-o 0.8 --b-o -0.1 --target 0.5,0.8 --loss squared-error"
)
LENET = (
    "class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
    "        self.conv1 = nn.Conv2d(3, 6, 5)\n        self.pool = nn.MaxPool2d(2, 2)\n"
    "        self.conv2 = nn.Conv2d(6, 16, 5)\n        self.fc1 = nn.Linear(16 * 5 * 5, 120)\n"
    "        self.fc2 = nn.Linear(120, 10)\n\n    def forward(self, x):\n"
    "        x = self.pool(F.relu(self.conv1(x)))\n        x = self.pool(F.relu(self.conv2(x)))\n"
    "        x = torch.flatten(x, 1)\n        x = F.relu(self.fc1(x))\n        return self.fc2(x)\n"
)
ROWS = {
    "attention-scores": "explain attention --scores 112,96",
    "attention-scores-values": 'explain attention --scores 112,96 --V "1,0;0,1"',
    "attention-causal": 'explain attention --Q "1,0;0,2" --K "1,1;0,1" --V "2,0;0,4" --mask causal',
    "attention-backward": 'explain attention --Q "1,0;0,2" --K "1,1;0,1" --V "2,0;0,4" --dZ "1,0;0,1"',
    "attention-tokens": (
        'explain attention --X "1,0;0,1" --W-Q "1,2;0,1" --W-K "1,0;1,1" --W-V "2,0;0,3" --tokens Thinking,Machines '
        '--mask causal --dZ "1,0;0,1"'
    ),
    "attention-cross": (
        'explain attention --X "1,2" --memory "1,0;0,1;1,1" --W-Q "1;0" --W-K "0;1" --W-V "1,0;0,1" --b-V 0.5,-0.5 '
        "--padding 1,1,0 --tokens know --memory-tokens Je,sais,PAD"
    ),
    "attention-named-scores": 'explain attention --scores "112,96;80,100" --V "1,0;0,1" --tokens Thinking,Machines',
    "attention-mask-given": (
        'explain attention --Q "1,0;0,2;1,1" --K "1,1;0,1;2,0" --V "2,0;0,4;1,1" --mask "0,-inf,0;0,0,0;-inf,0,0"'
    ),
    "attention-long-row": "explain attention --scores 1,2,3,4,5,6,7,8,9,10,11,12",
    "lstm-params": "explain lstm-params --units 30 --features 1",
    "lstm-params-symbols": "explain lstm-params --units n --features m",
    "mlp-2-3-1": MLP_231,
    "mlp-2-3-1-brief": MLP_231 + " --detail brief",
    "mlp-2-3-1-full": MLP_231 + " --detail full --digits 6",
    "mlp-2-3-1-find": MLP_231 + " --find dL/dW_1",
    "mlp-softmax": 'explain mlp --x 1,2 --W "0.5,-0.5;0.1,0.2;0.3,0.30" --activation softmax --target 0,1,0 '
    "--loss cross-entropy",
    "mlp-saturated": "explain mlp --x 1 --W 800 --activation sigmoid --target 0 --loss binary-cross-entropy",
    "mlp-batch": 'explain mlp --x "1,2;3,4" --W "0.5,-0.5;0.1,0.2" --b 0,0 --W 1,-1 --b 1 --activation relu '
    "--activation identity --target 1,0 --loss mean-squared-error",
    "mlp-descent": 'explain mlp --x "1,2;3,4" --W "0.5,-0.5;0.1,0.3" --b 0.1,0 --activation softmax '
    '--target "1,0;0,1" --loss cross-entropy --lr 0.5 --layout rows',
    "mlp-2-3-1-descent": MLP_231 + " --lr 0.5 --find W_1_new",
    "rnn": 'explain rnn --x 2,3 --U 0.5,0.6 --W "0.1,0.2;0.3,0.4" --b-h 0.1,-0.1 --V 1,2 --b-y 0.1',
    "rnn-features": 'explain rnn --x "1,2;3,4" --U "0.5,-0.5" --W 0.9 --activation relu --V "1;-1" '
    "--output-activation softmax",
    "rnn-through-time": "explain rnn --x 2,3 --U 0.5 --W 0.9 --V 1 --target 1,2 --loss half-squared-error",
    "rnn-long": "explain rnn --x 1,0,0,0,0,0,0,0 --U 1 --W 0.5 --target 0.5 --loss squared-error --loss-on last",
    "rnn-both-ways": 'explain rnn --x 1,2 --U "0.5 | -0.5" --W "0.1 | 0.2" --bidirectional yes --V 1,-1',
    "lstm": LSTM,
    "lstm-find": LSTM + " --find dh_2/dh_1 --detail brief",
    "lstm-stacked": "explain lstm --x 1 --W-f 0.5,0.2 --W-i 0.1,0.3 --W-c 0.4,0.6 --W-o 0.7,0.8 --b-f 1 --b-i 0 "
    "--b-c 0 --b-o 0 --h-0 0.5",
    "lstm-layers": 'explain lstm --x 1,2 --W "1,2,0,1 | 0,1,1,2" --U "0.1,0.2,0.3,0.4 | 0,0,0,0" --framework pytorch',
    "gru": "explain gru --x 1,2 --W 0.5,-0.5,1 --U 0.1,0.2,0.3 --b 0,1,0 --target 0.5 --loss squared-error "
    "--loss-on last",
    "gru-reset-first": 'explain gru --x "1,0;0,1" --W-r 0.2,0.6 --U-r 0.1 --W-z 0.5,-0.4 --U-z 0.3 --W-h -0.7,0.9 '
    "--U-h 0.4 --reset-after no --update renews",
    "gru-equations": "explain gru-equations --naming W_ix",
    "conv-shape": "explain conv-shape --input 100x3x64x64 --filters 2 --kernel 4 --stride 4",
    "conv-shape-left-over": "explain conv-shape --input 3x32x30 --filters 16 --kernel 3 --stride 2 --padding 1",
    "conv-shape-3d-same": "explain conv-shape --input 2x1x9x8x8 --filters 4 --kernel 3x3x3 --stride 2 --padding same "
    "--bias no",
    "conv-shape-1d-dilated": "explain conv-shape --input 8x20 --dims 1 --filters 16 --kernel 3 --dilation 2",
    "lstm-params-stacked": "explain lstm-params --units 128 --features 17 --layers 3 --bidirectional yes",
    "gru-params": "explain gru-params --units 32 --features 16",
    "gru-params-symbols": "explain gru-params --units n --features m --reset-after no",
    "rnn-params-pytorch": "explain rnn-params --units 4 --features 2 --framework pytorch",
    "dense-params": "explain dense-params --inputs 784 --units 128",
    "dense-params-symbols": "explain dense-params --inputs m --units n",
    "embedding-params": "explain embedding-params --vocabulary 1000 --dim 16",
    "norm-params": "explain norm-params --features 64",
    "norm-params-layer": "explain norm-params --features d --type layer",
    "conv-params": "explain conv-params --channels 3 --filters 32 --kernel 3",
    "conv-params-symbols": "explain conv-params --channels C --filters F --kernel k --groups g",
    "conv-params-separable": "explain conv-params --channels 64 --filters 128 --kernel 3 --type separable",
    "conv-params-depthwise": "explain conv-params --channels 8 --kernel 3x5 --type depthwise --multiplier 2",
    "multi-head-attention": (
        'explain multi-head-attention --X "1,0;0,1" --W-Q "1;0 | 2;1" --W-K "1;1 | 0;1" --W-V "2;0 | 0;3" '
        '--W-O "1,0;1,1" --tokens Thinking,Machines'
    ),
    "multi-head-attention-pytorch": (
        'explain multi-head-attention --X "1,0;2,1" --heads 2 --layout pytorch --W-in "1,0;0,1;1,1;0,2;1,0;0,1" '
        '--b-in 0,0.1,0,0.2,0,0.3 --W-O "1,2;0,1" --b-O 0.5,0 --mask causal --dZ "1,0;0,1"'
    ),
    "attention-params": "explain attention-params --d-model 512 --heads 8",
    "attention-params-symbols": "explain attention-params --d-model d --heads h --key-dim k",
    "transformer-block-encoder": (
        'explain transformer-block --X "1,0,2;0,2,1" --heads 1 --W-Q "1,0;0,1;1,0" --W-K "1,1;0,1;0,0" '
        '--W-V "1,0;0,1;0,1" --W-O "1,0,0;0,1,1" --W-1 "1,0;0,1;1,-1" --b-1 0,0.5 --W-2 "1,0,1;0,1,0" '
        "--gamma-1 1,2,1 --beta-1 0,0,0.5 --tokens Thinking,Machines"
    ),
    "transformer-block-pre-backward": (
        'explain transformer-block --X "1,0,2;0,2,1" --layout pytorch --heads 1 '
        '--W-in "1,0,1;0,1,0;1,0,0;0,1,1;1,1,0;0,0,1" --W-O "1,0;0,1;1,1" '
        '--W-1 "1,0,1;0,1,-1" --W-2 "1,0;0,1;1,1" --activation gelu --norm pre '
        '--dY "1,0,0;0,1,0"'
    ),
    "transformer-by-hand": (
        'explain transformer-block --X "0.54,0.76,0.23,0.89;0.31,0.93,0.68,0.45;0.4,0.56,0.72,0.64" '
        "--encoding sinusoidal "
        '--W-Q "-0.8,-0.5;0.6,0.2;-0.8,-0.1;-0.0,-0.7 | 0.5,-0.8;-0.2,0.0;-0.1,0.2;0.5,0.9" '
        '--W-K "-0.4,0.3;0.4,-0.4;-1.0,0.9;-0.4,-0.4 | 0.8,0.2;-0.1,0.5;-0.9,0.4;-0.3,-0.8" '
        '--W-V "0.3,0.9;-0.6,0.3;-0.4,0.5;0.4,-0.6 | 0.7,0.3;0.4,0.6;-0.1,0.5;0.8,-0.8" '
        '--W-O "0.7,-0.2,-0.0,-0.7;0.4,-0.4,0.7,-0.4;0.1,-0.2,0.2,-0.6;-0.6,0.5,0.5,0.1" '
        "--tokens Cat,is,sleeping"
    ),
    "transformer-block-decoder": (
        'explain transformer-block --kind decoder --X "1,0;0,2" --memory "1,1;2,0;0,1" --heads 2 --W-Q "1,0;0,1" '
        '--W-K "1,1;0,1" --W-V "1,0;0,1" --W-Q-2 "1,0;0,1" --W-K-2 "0,1;1,0" --W-V-2 "1,0;0,1" --memory-padding 1,1,0 '
        '--W-1 "1,0,1;0,1,-1" --W-2 "1,0;0,1;1,1" --tokens I,know --memory-tokens je,sais,PAD'
    ),
    "transformer-params-gpt": "explain transformer-params --part gpt --d-model 768 --layers 12 --vocabulary 50257 "
    "--positions 1024",
    "transformer-params-symbols": "explain transformer-params --d-model d --d-ff f",
    "network": 'explain network "conv 32 3x3 same, relu, pool 2, conv 64 3x3, relu, pool 2, flatten, dense 128, relu, '
    'dropout 0.5, dense 10" --input 3x32x32',
    "network-brief": 'explain network "conv 32 3x3 same, relu, pool 2, flatten, dense 10" --input 3x32x32 '
    "--detail brief",
    "network-recurrent": 'explain network "lstm 30 sequences, lstm 30, dense 1" --input 3x1',
    "network-mixed": 'explain network "conv 8 3x5 stride 2x1 pad 1x2, batchnorm, relu6, depthwise 3x3 same, '
    'separable 16 3x3 stride 2 same, transposed 4 2x2 stride 2, globalpool, dense 5 no-bias" --input 30x40x3 '
    "--layout channels-last",
    "conv-shape-transposed": "explain conv-shape --input 8x7x7 --filters 4 --kernel 3 --stride 2 --padding 1 "
    "--output-padding 1 --type transposed",
    "conv-shape-kernel": "explain conv-shape --input 32 --output-size 28",
    "conv-shape-same": "explain conv-shape --kernel 5 --output-size same",
    "conv-shape-same-symbol": "explain conv-shape --kernel k --output-size same",
    "conv-shape-padding": "explain conv-shape --input 28 --kernel 4 --output-size 28",
    "conv-shape-stride": "explain conv-shape --input 30x40 --kernel 3 --padding 1 --output-size 15x10",
    "pool-shape": "explain pool-shape --input 64x112x112 --kernel 3 --stride 2 --padding 1",
    "pool-shape-ceil": "explain pool-shape --input 3x6x7 --kernel 3x2 --stride 2 --ceil yes",
    "pool-shape-kernel": "explain pool-shape --input 28 --output-size 14",
    "receptive-field": 'explain receptive-field "conv 3, relu, conv 3, pool 2, conv 3 stride 2 dilation 2"',
    "receptive-field-axes": 'explain receptive-field "conv 3x5 stride 2x1, pool 2"',
    "flops": 'explain flops "conv 64 3x3 same, relu, pool 2, flatten, dense 10" --input 3x32x32',
    "flops-batch": 'explain flops "lstm 128, dense 10" --input 100x64 --batch 32',
    "memory": "explain memory --params 1000000 --optimizer momentum --activations 250000 --batch 32 "
    "--precision float16",
    "memory-symbols": "explain memory --params P --optimizer adam",
    "memory-cache": "explain memory --layers 32 --heads 32 --kv-heads 8 --head-dim 128 --tokens 4096 "
    "--precision float16",
    "updates": "explain updates --samples 50000 --batch-size 128 --epochs 10",
    "updates-symbols": "explain updates --samples N --batch-size B --epochs E --last drop",
    "derivative-sigmoid": 'explain derivative "sigmoid(z)"',
    "derivative-tanh": 'explain derivative "tanh(z)"',
    "derivative-neuron": 'explain derivative "sigmoid(w*x+b)" --wrt w --at "w=0.50, x=2, b=-1"',
    "derivative-logistic-loss": 'explain derivative "log(1 + exp(-y*w*x))" --wrt w --order 2',
    "derivative-hessian": 'explain derivative "x^2 + 3*x*y + y^2" --hessian yes',
    "derivative-hessian-point": 'explain derivative "(1-x)^2 + 100*(y-x^2)^2" --hessian yes --at "x=1, y=1"',
    "derivative-softmax": 'explain derivative "softmax(z)" --classes 3',
    "derivative-cross-entropy": 'explain derivative "-sum(y*log(softmax(z)))" --wrt z',
    "derivative-quotient": 'explain derivative "x^2*log(x)/(x - 3)"',
    "mlp-forward": 'explain mlp --x 1,-1 --W "1/3,0.30;2e-3,-1" --activation tanh',
    "backprop": 'explain backprop "f = sigmoid(w0*x0 + w1*x1 + w2)" --w0 2 --x0 -1 --w1 -3 --x1 -2 --w2 -3',
    "backprop-vectors": 'explain backprop "L = sum((W @ x - y)^2)" W="1,2;3,4" x=1,-1 y=0,1',
    "backprop-softmax": 'explain backprop "p = softmax(W@x + b); L = -sum(y*log(p))" W="1,2;3,4" x=1,-1 y=0,1 '
    "b=0.1,0.2",
    "backprop-symbols": 'explain backprop "f = x*log(y) + exp(x*y)/z" z=2',
    "backprop-descent": 'explain backprop "L = max(0, 1 - y*(w*x + b)) + 0.5*w^2" w=0.5 x=-1 b=0.2 y=1 --lr 0.1',
    "backprop-find": 'explain backprop "(x + y) * z" x=-2 y=5 z=-4 --find df/dx --detail full',
    "lstm-unroll": "explain lstm-unroll --steps 2",
    "lstm-unroll-numbers": "explain lstm-unroll --f 0.9,0.8",
    "lstm-gradient": "explain lstm-gradient",
    "rnn-gradient-output": "explain rnn-gradient --activation tanh --outputs k",
    "lstm-equations-zero": "explain lstm-equations --naming W_ix --zero-input yes",
    "lstm-gates": "explain lstm-gates",
    "vanishing-gradient": "explain vanishing-gradient --weight 2 --steps 10 --gradient 3,4 --forget 0.95",
    "vanishing-gradient-matrix": 'explain vanishing-gradient --weight "0.5,0.1;0.2,0.4" --steps T',
    "batch-norm": 'explain batch-norm --X "1,2;3,6;5,7" --gamma 1,2 --beta 0,1 --dY "1,0;0,1;2,-1"',
    "batch-norm-maps": 'explain batch-norm --X "1,2;3,4 | 0,1;1,2 || 1,1;0,2 | 3,1;2,2" --gamma 2,0.5 '
    '--framework keras --dY "1,0;0,1 | 0,1;1,0 || 1,1;0,2 | 0,1;0,0"',
    "batch-norm-inference": 'explain batch-norm --X "1,2;3,6" --mode inference --running-mean 2,3 --running-var 4,1 '
    '--gamma 2,1 --beta 0.5,0 --dY "1,0;0,1"',
    "batch-norm-brief": 'explain batch-norm --X "1,2;3,6;5,7" --dY "1,0;0,1;2,-1" --find dL/dX --detail brief',
    "layer-norm": 'explain layer-norm --X "1,2,6;0,4,2" --gamma 1,2,0.5 --beta 0,1,0 --dY "1,0,-1;0,2,1"',
    "layer-norm-one": "explain layer-norm --X 1,2,6 --dY 1,0,-1 --detail full",
    "layer-norm-tokens": 'explain layer-norm --X "1,2;3,4;0,1 | 0,1;1,2;5,5" --layout NTD --gamma 2,1',
    "instance-norm": 'explain instance-norm --X "1,2;3,4 | 0,1;1,2 || 1,1;0,2 | 3,1;2,2" --gamma 2,0.5',
    "group-norm": 'explain group-norm --X "1,2;3,4 | 0,1;1,2 | 2,2;0,4 | 1,1;1,0" --groups 2 '
    '--dY "1,0;0,1 | 0,1;1,0 | 1,1;0,2 | 0,1;0,0"',
    "rms-norm": 'explain rms-norm --X "1,2,2;0,3,-4" --gamma 1,2,0.5 --dY "1,0,-1;0,2,1"',
    "activation": "explain activation relu,sigmoid --x -2,-1,0,1,2",
    "activation-gelu": "explain activation gelu,silu,hard-swish",
    "activation-backward": 'explain activation elu --alpha 0.5 --x "-2,0;1,3" --dA "1,1;-1,0.5"',
    "softmax": "explain softmax --z 2,1,0.1",
    "softmax-overflow": "explain softmax --z 1000,1001,1002 --log yes",
    "softmax-rows": 'explain softmax --z "2,1,0.1;0,3,-1" --temperature 0.5 --dP "1,0,0;0,-1,0"',
    "dropout": 'explain dropout --X "1,2;3,4" --mask "1,0;1,1" --p 0.25 --dY "1,1;2,-1"',
    "dropout-test": "explain dropout --X 1,2,3 --p 0.5 --mode test --inverted no",
    "conv": 'explain conv --X "1,2,0;0,1,3;2,1,1" --K "1,0;-1,2"',
    "conv-entry": 'explain conv --X "1,2;3,4" --K "1,1,1;0,1,0;1,1,1" --padding 1 --entry 2,1',
    "conv-channels": 'explain conv --X "1,2;3,4 | 0,1;1,0" --K "1,0;0,1 | 1,1;0,0 || 0.5,1;1,1 | 2,0;0,-1" --b 0.50,-1 '
    '--padding 1 --dZ "1,0,0;0,1,0;0,0,1 | 0,0,0;0,2,0;0,0,0"',
    "conv-row": "explain conv --X 1,2,3,4,5 --K 1,0,-1 --stride 2 --dZ 1,2",
    "conv-true": 'explain conv --X "1,2,0;0,1,3;2,1,1" --K "1,0;-1,2" --flip yes --dZ "1,0;0,1"',
    "conv-same": 'explain conv --X "1,2,0,1;0,1,3,1;2,1,1,0" --K "1,0;-1,2" --padding same --stride 2x1 --dilation 1x2',
    "conv-groups": 'explain conv --X "1,2 | 3,4 || 5,6 | 7,8" --K "1 || -1 || 0.5 || 2" --groups 2 --entry 2,4,1,2 '
    "--detail full",
    "conv-text": 'explain conv --X "1,2,3;4,5,6" --K "1,0;0,1 | 1,1;1,1" --dims 1 --dZ "1,0;0,1"',
    "pool-max": 'explain pool --X "1,3,2,1;2,0,1,4;5,1,0,2;0,6,3,1" --window 2 --dY "1,2;3,4"',
    "pool-overlap": 'explain pool --X "1,3,2;2,0,5;4,1,5" --window 2 --stride 1 --dY "1,2;3,4"',
    "pool-mean": 'explain pool --X "1,3,2;2,0,5;4,1,0" --window 2 --type average --padding 1 --stride 2 '
    '--count-padding no --dY "1,0;0,4"',
    "pool-global": 'explain pool --X "1,2;3,4 | 0,1;1,6" --window global --type average --dY 2,4',
    "transposed-conv": 'explain transposed-conv --X "0,1;2,3" --K "0,1;2,3"',
    "transposed-conv-cut": 'explain transposed-conv --X "1,2;3,4" --K "1,0,2;0,1,0;2,0,1" --stride 2 --padding 1 '
    '--dZ "1,0,2;0,1,0;2,0,1"',
    "transposed-conv-channels": 'explain transposed-conv --X "1,2;3,4 | 0,1;1,0" --K "1,0;0,1 | 2,2;1,0 || 1,1;0,2 | '
    '0,1;1,0" --b 0.5,-1 --stride 2',
    "resnet-block": 'explain resnet-block --X "-1,-1;1,1" --K-1 "1,1,1;-1,-1,-1;1,1,1" --K-2 "1,-1,1;1,-1,1;1,-1,1"',
    "resnet-block-backward": 'explain resnet-block --X "1,2;3,4" --K-1 "0,1,0;1,1,1;0,1,0" --K-2 "1,0,0;0,1,0;0,0,1" '
    '--dA-2 "1,0;0,1"',
    "resnet-block-projection": 'explain resnet-block --X "1,2,0,1;3,4,1,1;0,1,2,2;1,0,1,3" --K-1 "1,0;0,1 | 0,1;1,0" '
    '--K-2 "1|-1" --K-s 0.5 --stride 2 --padding 0 --b-s 0.5',
    "cnn": 'explain cnn "conv 1 2x2, relu, flatten, dense 1" --X "1,2,0;0,1,3;2,1,1" --W-1 "1,0;-1,2" --W-4 1,-1,0,0.5',
    "cnn-loss": 'explain cnn "conv 2 2x2, relu, pool 2, flatten, dense 2, softmax" --X "1,2,0;0,1,3;2,1,1" '
    '--W-1 "1,0;-1,2 || 0,1;1,0" --b-1 0.5,-1 --W-5 "0.1,0.2;-0.1,0.3" --target 0,1 --loss cross-entropy',
    "cnn-skip": 'explain cnn "skip, conv 1 1x1, relu, add, globalpool" --X "-1,2;1,1" --W-2 2 --b-2 0.5 --dY 1',
    "network-skip": 'explain network "skip, conv 16 3x3 same, relu, conv 16 3x3 same, add, relu, skip, '
    'conv 32 3x3 same stride 2, relu, add 32 1x1 stride 2, globalpool, dense 10" --input 16x8x8',
    "feed-forward": 'explain feed-forward --X "1,2;0,-1" --W-1 "1,0,-1;0,1,1" --W-2 "1,0;0,1;1,1" --b-1 0,0.5,0 '
    "--b-2 0.1,-0.1 --tokens Thinking,Machines",
    "feed-forward-backward": 'explain feed-forward --X "1,2;0,-1" --W-1 "1,0,-1;0,1,1" --W-2 "1,0;0,1;1,1" '
    '--b-1 0,0.5,0 --dY "1,0;0,1"',
    "feed-forward-gelu": 'explain feed-forward --X 1,0.5 --W-1 "0.5,-1;1,0" --W-2 "1,2;-1,0.5" --activation gelu '
    "--dY 1,0",
    "layer-norm-residual": 'explain layer-norm --X "0.5,2,6;0,4,2" --residual "1,0,-1;2,0,1" '
    "--tokens Thinking,Machines",
    "layer-norm-residual-backward": 'explain layer-norm --X "0.5,2,6;0,4,2" --residual "1,0,-1;2,0,1" '
    '--gamma 1,2,0.5 --beta 0,1,0 --dY "1,0,-1;0,2,1" --tokens Thinking,Machines',
    "embedding": 'explain embedding --E "0.1,0.2;0.30,-0.4;0.5,0.6" --ids 2,0,2 --dX "1,0;0,1;2,1"',
    "embedding-names": 'explain embedding --E "0.1,0.2;0.3,-0.4;0.5,0.6" --vocabulary a,cat,the --tokens the,cat,the '
    '--scale yes --dX "1,0;0,1;2,1"',
    "embedding-padding": 'explain embedding --E "0,0;0.3,-0.4;0.5,0.6" --ids 2,1,0 --padding 0 --dX "1,0;0,1;2,1"',
    "next-token-loss": "explain next-token-loss --p 0.5,0.25,0.8",
    "next-token-loss-table": 'explain next-token-loss --P "0.1,0.2,0.7;0.6,0.3,0.1" --targets sat,the '
    "--vocabulary the,cat,sat",
    "next-token-loss-logits": 'explain next-token-loss --logits "2,1,0.1;0,3,-1" --targets 0,2',
    "next-token-loss-padding": 'explain next-token-loss --logits "2,1,0.1;0,3,-1;1,2,3" --targets 0,2,-100 '
    "--ignore -100 --reduction sum --detail full",
    "next-token-loss-symbols": "explain next-token-loss --length n",
    "next-token-loss-tokens": "explain next-token-loss --tokens the,cat,sat",
    "positional-encoding": "explain positional-encoding --positions 3 --d 4",
    "positional-encoding-sum": 'explain positional-encoding --X "0.54,0.76,0.23,0.89;0.31,0.93,0.68,0.45" '
    "--tokens Cat,is",
    "positional-encoding-dimension": "explain positional-encoding --X 0.54,0.76,0.23,0.89,0.1,0.67 --dimension 0",
    "positional-encoding-odd": "explain positional-encoding --positions 4 --d 5 --base 100 --start 2 --layout halves",
    "seq2seq-attention": 'explain seq2seq-attention --H "1,0;0,1;1,1" --s 2,1 --tokens Je,suis,ici',
    "seq2seq-attention-several": 'explain seq2seq-attention --H "1,0;0,1;1,1" --s "2,1;0,1" --tokens Je,suis,ici '
    '--output-tokens I,am --dC "1,0;0,1"',
    "seq2seq-attention-general": 'explain seq2seq-attention --H "1,0;0,1" --s 1,2,0 --score general '
    '--W "1,0;0,1;1,1" --W-c "1,0,0,1,0"',
    "seq2seq-attention-additive": 'explain seq2seq-attention --H "1,0;0,1" --s 1,2 --score additive --W "1,0;0,1" '
    '--U "1,1;0,1" --v 1,-1 --dC 1,0',
    "seq2seq-attention-pairs": 'explain seq2seq-attention --H "1,0;0,1" --s "1,2;0,1" --score additive --W "1,0;0,1" '
    '--U "1,1;0,1" --v 1,-1 --dC "1,0;0,1" --tokens Je,suis --output-tokens I,am',
    "seq2seq-attention-scaled": 'explain seq2seq-attention --H "1,0;0,1" --s 2,1 --scaled yes',
    "sampling": "explain sampling --logits 2,1,0.5,-1 --temperature 0.7 --top-k 3 --top-p 0.9 --u 0.37",
    "sampling-nucleus": "explain sampling --p 0.15,0.5,0.05,0.3 --top-p 0.8 --u 0.7 --vocabulary cat,dog,fish,cow",
    "sampling-ties": "explain sampling --p 0.2,0.4,0.2,0.2 --temperature 2 --top-k 2 --detail brief",
    "sampling-greedy": "explain sampling --logits 2,1,0.5 --detail full",
    "output-softmax": 'explain output-softmax --H "1,0;0.5,-1" --W "0.2,0.5,-0.30;0.1,-0.4,0.6" --b 0.1,0,-0.1 '
    "--vocabulary a,learn,the --tokens Thinking,Machines",
    "output-softmax-loss": 'explain output-softmax --H "1,0;0.5,-1" --tied "0.2,0.1;0.5,-0.4;-0.3,0.6" '
    "--temperature 2 --vocabulary a,learn,the --tokens Thinking,Machines --target learn,the",
    "output-softmax-saturated": 'explain output-softmax --logits "800,0,-800;1,2,2" --target 1,2',
    "output-softmax-backward": "explain output-softmax --logits 2,1,0.1 --dP 1,0,-1 --detail full",
    "beam-search": 'explain beam-search --after "start: 0.5,0.2,0.2,0.1 | A: 0.1,0.4,0.3,0.2 | A B: 0.2,0.2,0.4,0.2 | '
    'A C: 0.1,0.6,0.2,0.1 | A B C: 0.0,0.2,0.2,0.6 | A C B: 0.1,0.2,0.1,0.6 | *: 0.25,0.25,0.25,0.25" '
    '--vocabulary "A,B,C,<eos>" --end "<eos>"',
    "beam-search-penalty": 'explain beam-search --P "0.5,0.1,0.4;0.9,0.05,0.05;1,0,0" --vocabulary "a,b,<eos>" '
    '--end "<eos>" --alpha 0.75',
    "beam-search-greedy": 'explain beam-search --P "0.6,0.4;0.5,0.5;0.1,0.9" --steps 2 --beam 1',
    "entropy": "explain entropy --p 0.7,0.3 --base 2 --outcomes red,blue",
    "entropy-zero": "explain entropy --p 0.5,0.25,0.25,0",
    "entropy-counts": "explain entropy --p 9,5 --normalise yes --base 10 --detail full",
    "kl-bags": "explain kl-divergence --p 0.7,0.3 --q 0.5,0.5 --base 2 --outcomes red,blue",
    "kl-one-hot": "explain kl-divergence --p 1,0,0 --q 0.7,0.2,0.1",
    "mutual-information": 'explain mutual-information --P "0.4,0.1;0.2,0.3" --base 2 --rows sun,rain '
    "--columns walk,bus",
    "mutual-information-independent": 'explain mutual-information --P "0.06,0.14;0.24,0.56" --detail brief',
    "gaussian-kl": "explain gaussian-kl --mu 0.5,-1 --logvar 0.2,-0.30",
    "gaussian-kl-sigma": "explain gaussian-kl --mu 0.5,-1,0 --sigma 1.2,0.80,1 --detail full",
    "mse": "explain mse --y 0.5,0.8 --yhat 0.2174,-0.18988 --reduction sum",
    "mse-examples": 'explain mse --y "0,1,0;1,0,0" --yhat "0.3,0.4,0.1;0.2,0.30,0.2" --reduction half-mean',
    "mae": "explain mae --y 1,2,3 --yhat 1.5,2,2.2",
    "huber": "explain huber --y 1,2,3,4 --yhat 1.5,2,6,1 --delta 2 --detail full",
    "l2-loss": 'explain regularization --y "0,1,0,0,0;1,0,0,0,0;0,0,1,0,0;0,0,0,1,0;0,0,0,1,0" --yhat '
    '"0.30,0.40,0.10,0.50,0.10;0.20,0.30,0.20,0.20,0.10;0.10,0.10,0.10,0.10,0.10;0.10,0.50,0.10,0.70,0.10;'
    '0.75,0.10,0.68,0.10,0.60" --theta 0.2,-0.3,0.1,0.5,-0.4 --lam 0.2',
    "weight-decay": 'explain regularization --theta "1,-2;0,3" --theta 0.5 --lam 0.1 --gradient "1,1;0,2" '
    "--gradient 0.3 --lr 0.5",
    "elastic-net": "explain regularization --theta 1,-2 --lam 0.1 --penalty elastic-net --l1-ratio 0.25 --loss 2",
    "triplet": "explain triplet --anchor 0,0 --positive 3,4 --negative 6,0 --margin 2",
    "triplet-squared": 'explain triplet --anchor "0,0;1,1" --positive "0.5,0;1,2" --negative "1,0;4,5" '
    "--distance squared",
    "contrastive": "explain contrastive --x1 0,0 --x2 0.3,0.4 --label 1 --margin 2",
    "contrastive-pairs": 'explain contrastive --x1 "0,0;1,1;2,0" --x2 "0.30,0.4;1,0.5;0,0" --label 1,0,0 --similar 1 '
    "--reduction sum",
    "sgd": "explain sgd --theta 1,-2 --g 0.5,1 --lr 0.1",
    "sgd-momentum": 'explain sgd --theta 1 --g "0.5|0.2|-0.4" --lr 0.1 --momentum 0.9',
    "sgd-averaged": 'explain sgd --theta 1 --g "0.5|0.2" --lr 0.1 --momentum 0.9 --velocity averaged --detail full',
    "sgd-rate-inside": 'explain sgd --theta 1,2 --g "0.5,1|0.2,-1" --lr 0.1 --momentum 0.9 --velocity rate-inside '
    "--nesterov yes",
    "sgd-nesterov": 'explain sgd --theta "1,2;0.5,-1" --g "0.5,1;2,0 | 0.2,0.8;1,-1" --lr 0.1 --momentum 0.9 '
    "--nesterov yes",
    "sgd-dampening": 'explain sgd --theta 1 --g "0.5|0.2" --lr 0.1 --momentum 0.9 --dampening 0.5 --detail brief',
    "sgd-formula": 'explain sgd --f "x^2 + 3*y^2" --theta 1,2 --lr 0.1 --steps 5',
    "sgd-clipped": "explain sgd --theta 1,-2 --g 3,4 --steps 4 --lr 0.1 --clip-norm 1 --weight-decay 0.01",
    "sgd-clipped-values": 'explain sgd --theta 1,-2 --g "3,0.5|-0.5,-4" --lr 0.1 --clip-value 1',
    "adam": "explain adam --theta 1 --g 0.5 --lr 0.1",
    "adam-full": 'explain adam --theta 1,-2 --g "0.5,1|0.25,-1" --lr 0.01 --detail full',
    "adam-matrices": 'explain adam --theta="-0.18,0.31,0.675;0.504,-0.856,-0.936" --g "0.1,-0.2,0.05;0.3,0.02,-0.1 | '
    '-0.3,0.4,-0.1;-0.35,-0.05,0.3" --lr 0.001',
    "adam-amsgrad": 'explain adam --theta 1 --g "2|0.1|0.1" --beta-2 0.5 --amsgrad yes --lr 0.1',
    "adam-formula": 'explain adam --f "(x - 3)^2" --theta 0 --lr 0.5 --steps 12 --detail brief',
    "adamw": "explain adamw --theta 1 --g 0.5 --lr 0.1 --weight-decay 0.1",
    "rmsprop": 'explain rmsprop --theta 1 --g "0.5|0.2" --lr 0.1 --alpha 0.9',
    "rmsprop-centered": 'explain rmsprop --theta 1,-2 --g "0.5,1|0.25,-1" --momentum 0.9 --centered yes',
    "adagrad": 'explain adagrad --theta 1 --g "0.5|0.2|0.5" --lr 0.1',
    "adagrad-decay": 'explain adagrad --theta 1,-2 --g "0.5,1|0.25,-1" --lr 0.1 --lr-decay 0.5 --initial 0.1',
    "adadelta": 'explain adadelta --theta 1 --g "0.5|0.2"',
    "adamax": 'explain adamax --theta 1,-2 --g "0.5,1|0.25,-1" --beta-1 0.8 --beta-2 0.9',
    "optimizers": 'explain optimizers --use sgd,adam --theta 1 --g "0.5|0.2|-0.4" --lr 0.1',
    "optimizers-formula": 'explain optimizers --use sgd,momentum,adam --f "x^2 + 10*y^2" --theta 1,1 --lr 0.05 '
    "--steps 10 --detail brief",
    "cross-entropy": 'explain cross-entropy --p "0.4,0.3,0.3;0.3,0.4,0.3;0.5,0.2,0.3;0.8,0.1,0.1" '
    "--classes boy,girl,boy,other --names boy,girl,other --base 2",
    "cross-entropy-zero": 'explain cross-entropy --p "0.7,0.1,0.2;0.1,0.8,0.1;0.9,0.1,0.0;0.4,0.3,0.3" '
    "--classes 0,1,0,2 --base 2 --detail full",
    "cross-entropy-two": "explain cross-entropy --y 1,0,0 --p 0.7,0.2,0.1",
    "cross-entropy-smoothed": 'explain cross-entropy --logits "2,1,0.1;0,3,-1" --classes 0,2 --smoothing 0.1',
    "cross-entropy-soft": 'explain cross-entropy --p "2,2,0;1,1,2" --y "0.5,0.5,0;0,1,0" --normalise yes '
    "--reduction none",
    "cross-entropy-saturated": "explain cross-entropy --logits 800,0 --classes 1 --detail brief",
    "bce": "explain bce --y 1,0,1 --p 0.9,0.2,0.6",
    "bce-logits": "explain bce --y 1,0 --logits 2,-1.5 --pos-weight 3",
    "bce-outputs": 'explain bce --y "1,0;0,1" --logits "0.50,-2;1,40" --reduction sum --detail full',
    "bce-certain": "explain bce --y 1,0,1 --p 1,0,0.5 --detail brief",
    "hinge": "explain hinge --scores 2,0.3,-0.5 --y 1,1,-1",
    "hinge-squared": "explain hinge --scores 0.8,-1.5,0.25 --y 1,-1,-1 --squared yes --margin 0.5 --reduction sum",
    "hinge-classes": 'explain hinge --scores "2,1.5,-1;0.2,0.6,0.1" --classes cat,cow --names cat,dog,cow '
    "--detail full",
    "focal": "explain focal --p 0.9,0.2,0.6 --y 1,0,1 --alpha 0.25",
    "focal-logits": 'explain focal --logits "2,1,0.1;0,3,-1" --classes 0,2 --gamma 1.5 --detail full',
    "focal-binary-logits": "explain focal --logits 2,-1 --y 1,1 --reduction sum",
    "focal-weights": 'explain focal --p "0.7,0.2,0.1;0.3,0.4,0.3" --classes cat,dog --names cat,dog,cow '
    "--alpha 0.5,1,2 --detail brief",
    "gan": "explain gan --real 0.9 --fake 0.2",
    "gan-batch": "explain gan --real 0.9,0.8 --fake 0.2,0.1 --detail full",
    "gan-logits": "explain gan --real 2.2,1.4 --fake -1.4,-3 --logits yes",
    "gan-generator": "explain gan --fake 0.01 --detail brief",
    "gan-optimum": "explain gan-optimum --p-data 0.5,0.5 --p-g 0.9,0.1",
    "gan-optimum-zeros": "explain gan-optimum --p-data 0.5,0.5,0 --p-g 0,0.25,0.75",
    "gan-optimum-symbols": "explain gan-optimum",
    "clip-gradient": "explain clip-gradient --g 3,4 --beta 1",
    "clip-gradient-several": 'explain clip-gradient --g 3,4 --g "1,2;-2,0.5" --beta 5',
    "clip-gradient-value": "explain clip-gradient --g 3,-0.5,0.2 --beta 1 --by value",
    "lr-schedule-step": "explain lr-schedule --schedule step --lr 0.001 --gamma 0.1 --step 25 --epochs 50",
    "lr-schedule-cosine": "explain lr-schedule --schedule cosine --lr 0.1 --period 20 --epochs 21",
    "lr-schedule-transformer": "explain lr-schedule --schedule transformer --d-model 512 --warmup 4000 --epochs 20000",
    "lr-schedule-inverse-time": "explain lr-schedule --schedule inverse-time --lr 0.1 --decay 0.5 --epochs 10 "
    "--at 0,2,4",
    "moving-average": "explain moving-average --x 10,12,11,15 --beta 0.9",
    "moving-average-long": "explain moving-average --x 1,2,3,2,1,0,4,5,3,2 --beta 0.5 --correction no",
    "quadratic-descent": 'explain quadratic-descent --A "3,1;1,3" --x 2,-1 --lr 0.3',
    "quadratic-descent-number": "explain quadratic-descent --A 4 --x 1 --lr 0.6",
    "quadratic-descent-best": 'explain quadratic-descent --A "10,0;0,1" --x 1,1 --b 10,2 --steps 2',
    "quadratic-descent-three": 'explain quadratic-descent --A "4,1,0;1,3,1;0,1,2" --x 1,1,1 --b 1,0,0 --steps 1',
    "lr-schedule-cosine-default": "explain lr-schedule --schedule cosine --lr 0.001 --epochs 50 --at 0,10",
    "model": "explain model 'n_features = 1\nX = X.reshape((X.shape[0], X.shape[1], n_features))\n"
    'print("n_steps", n_steps, "n_features", n_features)\nmodel = Sequential()\n'
    'model.add(LSTM(30, activation="relu", return_sequences=True, \\\n'
    "              input_shape=(n_steps, n_features)))\n"
    'model.add(LSTM(30, activation="relu"))\nmodel.add(Dense(1))\nmodel.summary()\n\' --let n_steps=3',
    "model-open-size": "explain model 'model = Sequential()\n"
    "model.add(LSTM(30, return_sequences=True, input_shape=(n_steps, 1)))\n"
    "model.add(Flatten())\nmodel.add(Dense(1))\n'",
    "model-text": "explain model 'model = Sequential()\nmodel.add(Embedding(1000, 16, input_length=200))\n"
    "model.add(LSTM(32, dropout=0.1, recurrent_dropout=0.1))\nmodel.add(Flatten())\nmodel.add(Dropout(0.1))\n"
    'model.add(Dense(256, activation="sigmoid"))\nmodel.add(Dense(1, activation="sigmoid"))\n\' --detail full',
    "model-lenet": f"explain model '{LENET}' --input 3x32x32",
    "model-no-input": f"explain model '{LENET}' --detail brief",
    "model-residual": 'explain model \'inputs = keras.Input(shape=(32, 32, 3), name="img")\n'
    'x = layers.Conv2D(16, 3, padding="same", use_bias=False)(inputs)\nx = layers.BatchNormalization()(x)\n'
    'skip = x = layers.ReLU()(x)\nconv = layers.Conv2D(16, 3, padding="same", activation="relu")\n'
    "x = conv(x)\nx = conv(x)\nx = layers.add([x, skip])\nx = layers.Concatenate()([x, skip])\n"
    "x = layers.GlobalAveragePooling2D()(x)\noutputs = layers.Dense(10)(x)\n"
    'model = keras.Model(inputs, outputs, name="residual")\n\'',
    "model-not-known": "explain model 'from elsewhere import block\nmodel = Sequential()\n"
    "model.add(Conv2D(8, 3, input_shape=(28, 28, 1)))\nmodel.add(Dense(width))\nmodel.add(Flatten())\n"
    "model.add(Dense(10))\nmodel.add(Dropout(0.5))\nmodel.add(Dense(2))\n'",
    "model-against": "explain model 'Sequential([LSTM(30, return_sequences=True), LSTM(30), Dense(1)])' --input 3x1 "
    "--against 'Sequential([LSTM(50), Dropout(0.2), Dense(1)])'",
    "model-transformer": "explain model 'class Block(nn.Module):\n    def __init__(self, d, heads):\n"
    "        super().__init__()\n        self.attention = nn.MultiheadAttention(d, heads, batch_first=True)\n"
    "        self.norm1 = nn.LayerNorm(d)\n        self.norm2 = nn.LayerNorm(d)\n"
    "        self.up = nn.Linear(d, 4 * d)\n        self.down = nn.Linear(4 * d, d)\n\n"
    "    def forward(self, x):\n        a, _ = self.attention(x, x, x)\n        x = self.norm1(x + a)\n"
    "        return self.norm2(x + self.down(F.gelu(self.up(x))))\n\n\nblock = Block(64, 8)\n' --input 10x64",
}
