//! Text and hub services for the C++ rooms, behind a C interface. Each module keeps one service:
//! its Rust types stay inside, what crosses the border are plain integers, byte spans and opaque
//! handles, and memory is freed by the side that made it.

mod hub;

mod abi;
pub mod error;
pub mod gguf;
pub mod grammar;
pub mod stream;
pub mod template;
pub mod tokenizer;
