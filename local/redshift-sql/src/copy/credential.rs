//! As whom COPY and UNLOAD reach S3: a role of the cluster's, or the holder of a key.

use crate::error::TranslateError;
use crate::parse::token_reader::TokenReader;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credential {
    /// An ARN, or `default`.
    Role(String),
    Keys {
        id: String,
        secret: String,
        /// Of a role that was taken on.
        token: Option<String>,
    },
}

impl Credential {
    /// `aws_iam_role=…`, or `aws_access_key_id=…;aws_secret_access_key=…`.
    fn parse(text: &str) -> Result<Self, TranslateError> {
        let value = |name: &str| text.split(';').find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('='));
        match (value("aws_iam_role"), value("aws_access_key_id"), value("aws_secret_access_key")) {
            (Some(role), ..) => Ok(Self::Role(role.to_owned())),
            (None, Some(id), Some(secret)) => {
                let token = value("token").or_else(|| value("aws_session_token")).map(str::to_owned);
                Ok(Self::Keys { id: id.to_owned(), secret: secret.to_owned(), token })
            }
            _ => Err(TranslateError::new("42601", "CREDENTIALS must name aws_iam_role, or a key and its secret")),
        }
    }

    /// Reads an option that says as whom S3 is reached; `false` where the word is none.
    pub fn option(
        reader: &mut TokenReader<'_>,
        word: &str,
        credential: &mut Option<Self>,
    ) -> Result<bool, TranslateError> {
        match word {
            "IAM_ROLE" => *credential = Some(Self::Role(reader.role()?)),
            // The older form: a role, or keys.
            "CREDENTIALS" | "WITH" => {
                if word == "WITH" {
                    reader.word("CREDENTIALS")?;
                }
                reader.take_word("AS");
                *credential = Some(Self::parse(&reader.string()?)?);
            }
            "ACCESS_KEY_ID" | "SECRET_ACCESS_KEY" | "SESSION_TOKEN" => {
                reader.take_word("AS");
                Self::key_part(credential, word, reader.string()?);
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// One of the options that name a key.
    fn key_part(credential: &mut Option<Self>, option: &str, value: String) {
        let (mut id, mut secret, mut token) = match credential.take() {
            Some(Self::Keys { id, secret, token }) => (id, secret, token),
            _ => (String::new(), String::new(), None),
        };
        match option {
            "ACCESS_KEY_ID" => id = value,
            "SECRET_ACCESS_KEY" => secret = value,
            _ => token = Some(value),
        }
        *credential = Some(Self::Keys { id, secret, token });
    }
}
