//! The baseline learner against real data, published figures and an independent implementation in Python.

mod peer;
mod real;

mod agrees_with_python;
mod package;
mod skab;
mod tep;
