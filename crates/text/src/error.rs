//! Why a call failed: a status that the C++ side maps to its own codes, and a message that says what
//! was wanted, what was found and where. Nothing here knows how errors cross the border.

use std::fmt::Display;

/// The caller's input is wrong.
pub const SPYRE_TEXT_INVALID_ARGUMENT: i32 = 1;
/// The input is right, but of a kind that this library does not have.
pub const SPYRE_TEXT_UNSUPPORTED: i32 = 2;
/// A limit on work, memory or depth was reached.
pub const SPYRE_TEXT_RESOURCE_EXHAUSTED: i32 = 3;
/// A file of the model is damaged.
pub const SPYRE_TEXT_DATA_LOSS: i32 = 4;
/// A bug, caught.
pub const SPYRE_TEXT_INTERNAL: i32 = 5;

/// The numbers cross the C interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum Status {
    InvalidArgument = SPYRE_TEXT_INVALID_ARGUMENT,
    Unsupported = SPYRE_TEXT_UNSUPPORTED,
    ResourceExhausted = SPYRE_TEXT_RESOURCE_EXHAUSTED,
    DataLoss = SPYRE_TEXT_DATA_LOSS,
    Internal = SPYRE_TEXT_INTERNAL,
}

#[derive(Debug)]
pub struct Error {
    pub status: Status,
    pub message: String,
}

pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    pub fn invalid(message: impl Display) -> Self {
        Self::new(Status::InvalidArgument, message)
    }

    pub fn unsupported(message: impl Display) -> Self {
        Self::new(Status::Unsupported, message)
    }

    pub fn data_loss(message: impl Display) -> Self {
        Self::new(Status::DataLoss, message)
    }

    pub fn exhausted(message: impl Display) -> Self {
        Self::new(Status::ResourceExhausted, message)
    }

    pub fn internal(message: impl Display) -> Self {
        Self::new(Status::Internal, message)
    }

    fn new(status: Status, message: impl Display) -> Self {
        Error {
            status,
            message: message.to_string(),
        }
    }
}
