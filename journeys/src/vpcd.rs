//! A smart-card reader made of software, for PC/SC programs to find our chips in.
