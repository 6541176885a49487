mod argon2id;
mod kbkdf;
