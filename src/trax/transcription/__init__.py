"""Speech to words: the Transcriber protocol, its engine on CTranslate2, and where models come from."""
