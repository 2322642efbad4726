"""Compilers: one module an artefact, each a pure function of the site."""
