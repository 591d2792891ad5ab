//! Servers that people run themselves: Ollama, vLLM, llama.cpp.

mod like;
mod ollama;
mod rows;

pub(crate) use like::{LLAMA_CPP, OLLAMA_LIKE, VLLM};
pub(crate) use ollama::OLLAMA;
