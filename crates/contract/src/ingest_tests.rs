//! Proofs for the reading of bodies.

