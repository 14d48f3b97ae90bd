//! The requests of the ceremonies, by their paths.

/// The kind of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EndpointKind {
    Register,
    Start,
    Poll,
    Submit,
    Text,
    HandIn,
    Verify,
    Rotate,
    Other,
}

impl EndpointKind {
    pub(crate) fn of(path: &str) -> Self {
        match path {
            "/api/agent/identity" => Self::Register,
            "/api/agent/identity/claim" => Self::Start,
            "/api/agent/oauth/token" => Self::Poll,
            "/v1/auth/verify-phone" => Self::Submit,
            "/v1/auth/confirm-manifest" => Self::Text,
            "/v1/auth/confirm" => Self::HandIn,
            "/v1/verify" => Self::Verify,
            "/v1/rotate" => Self::Rotate,
            _ => Self::Other,
        }
    }

    /// The kind of the request that is in flight in a state.
    pub(crate) fn at(place: &str) -> Self {
        match place {
            "Registering, in flight" => Self::Register,
            "Starting, in flight" => Self::Start,
            "Submitting, in flight" => Self::Submit,
            "Texting, in flight" => Self::Text,
            "HandingIn, in flight" => Self::HandIn,
            "Checking, in flight" | "Probing, in flight" => Self::Verify,
            "Rotating, in flight" => Self::Rotate,
            _ => Self::Poll,
        }
    }

    /// Whether the answer cannot be obtained again.
    pub(crate) const fn delivers(self) -> bool {
        matches!(self, Self::Register | Self::Start | Self::Poll | Self::Text | Self::HandIn | Self::Rotate)
    }

    /// The member that makes the answer a success.
    pub(crate) const fn delivery(self) -> &'static str {
        match self {
            Self::Start => "user_code",
            Self::Submit => "manifest_session_id",
            Self::Text => "otp_session_id",
            Self::HandIn => "badge",
            Self::Verify => "valid",
            Self::Rotate => "new_badge",
            Self::Register | Self::Poll | Self::Other => "access_token",
        }
    }
}
