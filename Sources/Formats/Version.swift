/// What is printed by --version and stored in what we write.
public let sitevibVersion = "0.1.0"
