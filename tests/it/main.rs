//! The integration tests: one binary, so that the world is linked once.

mod architecture;
