//! Body of the fuzz target.
