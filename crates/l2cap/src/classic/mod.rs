//! L2CAP for BR/EDR links. [Vol 3] Part A
//!
//! - `mode`: the data plane of a channel: Basic, Enhanced Retransmission and Streaming mode.

pub mod mode;
