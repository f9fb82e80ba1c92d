"""Which of the encoder's layers a solved head on tokens should read: one, several side by side, or a mix."""
