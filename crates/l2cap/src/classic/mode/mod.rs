//! The data plane of a BR/EDR channel, in each mode. [Vol 3] Part A, 3.1, 3.3 and 8
