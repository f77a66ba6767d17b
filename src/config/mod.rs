//! Settings: where they are, and what they say. A value comes from, in rising order: what is built in, the file, the
//! environment, a flag; a bad line is a warning, never the end. Called by `main`.

pub mod cluster;
pub mod paths;
mod place;
pub mod settings;
