//! Bodies of fuzz targets; every input is valid.
