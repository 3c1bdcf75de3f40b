//! One HTTP GET for the hub room: TLS, redirects, proxies and time limits, which a C++ house would
//! otherwise write again. It knows nothing of models, caches, resuming or checksums: bytes go to the
//! caller as they come, and the caller decides. While nothing comes, the caller is asked about every
//! tenth of a second whether to go on, so Ctrl-C works in a stalled transfer too. The hub's own crate
//! (hf-hub 1.0) is not used: it can neither resume nor check a file nor be stopped, and it reads the
//! environment; what would be left of it is one listing.
//!
//! Requests run on the calling thread. A token is sent to the host that was asked and never follows a
//! redirect to another one.

use std::ffi::{CStr, CString, c_char, c_void};
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use reqwest::header::{
    ACCEPT_ENCODING, AUTHORIZATION, CONTENT_RANGE, HeaderMap, HeaderValue, RANGE,
};

/// How a GET ended. The response came through whole, whatever its HTTP status.
pub const SPYRE_HUB_OK: i32 = 0;
/// A callback answered false.
pub const SPYRE_HUB_STOPPED: i32 = 1;
/// The URL or the token cannot be sent: wrong scheme, control characters.
pub const SPYRE_HUB_BAD_REQUEST: i32 = 2;
/// No connection, a failed TLS handshake, a cut or a stalled transfer.
pub const SPYRE_HUB_UNREACHABLE: i32 = 3;
/// A bug of ours, caught.
pub const SPYRE_HUB_INTERNAL: i32 = 4;

/// What to get. Texts are UTF-8 and end in NUL; `token` may be null or empty: none is sent.
#[repr(C)]
pub struct SpyreHubGet {
    pub url: *const c_char,
    pub token: *const c_char,
    /// First byte wanted; above 0 a range is asked for, which the server may ignore.
    pub first_byte: u64,
    /// Longest wait for a connection and for each next piece, in milliseconds.
    pub idle_ms: u64,
}

/// The head of the response, after redirects. The texts live until the callback returns.
#[repr(C)]
pub struct SpyreHubResponse {
    /// HTTP status code.
    pub status: u16,
    /// Position in the file of the body's first byte: above 0 only with status 206.
    pub first_byte: u64,
    /// `Retry-After` in seconds, 0 when it is absent or a date.
    pub retry_after_s: u64,
    /// The hub's reason (`X-Error-Code`: "GatedRepo", "RepoNotFound", ...), empty when absent.
    pub error_code: *const c_char,
    /// The hub's words (`X-Error-Message`), empty when absent.
    pub error_message: *const c_char,
}

/// Where the response goes. Both answer whether to go on; neither may unwind.
#[repr(C)]
pub struct SpyreHubSink {
    pub context: *mut c_void,
    /// Called once, before the body.
    pub on_response: extern "C" fn(context: *mut c_void, response: *const SpyreHubResponse) -> bool,
    /// The next piece of the body; `bytes` 0 means that nothing came for a while.
    pub on_body: extern "C" fn(context: *mut c_void, data: *const u8, bytes: usize) -> bool,
}

/// A client with its connections, which requests to one hub share. Used by one thread at a time.
pub struct SpyreHubClient {
    client: reqwest::Client,
    runtime: Option<tokio::runtime::Runtime>,
}

impl Drop for SpyreHubClient {
    fn drop(&mut self) {
        // A name lookup may still hang in a helper thread of the runtime: it is not waited for.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Makes a client, freed by `spyre_hub_client_free`. Null on failure (no usable TLS library, no
/// memory), and then `*error` receives a text for `spyre_hub_error_free`, else null.
///
/// # Safety
/// `error` is valid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn spyre_hub_client_new(error: *mut *mut c_char) -> *mut SpyreHubClient {
    let outcome = caught(|| {
        let internal = |e: &dyn std::error::Error| Failure::new(SPYRE_HUB_INTERNAL, e);
        let client = reqwest::Client::builder()
            .user_agent(concat!("spyre/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|e| internal(&e))?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|e| internal(&e))?;
        Ok(Box::new(SpyreHubClient {
            client,
            runtime: Some(runtime),
        }))
    });
    unsafe { *error = c_error(outcome.as_ref().err()) };
    outcome.map_or(std::ptr::null_mut(), Box::into_raw)
}

/// Closes the connections; null is fine.
///
/// # Safety
/// `client` comes from `spyre_hub_client_new` and is freed once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn spyre_hub_client_free(client: *mut SpyreHubClient) {
    if !client.is_null() {
        let client = unsafe { Box::from_raw(client) };
        let _ = catch_unwind(AssertUnwindSafe(|| drop(client)));
    }
}

/// Sends the request and hands the response to the sink; blocks until it ended. When the status is
/// neither OK nor STOPPED, `*error` receives a text for `spyre_hub_error_free`, else null.
///
/// # Safety
/// `client` is not in use elsewhere; `get`, `sink` and `error` are valid; the texts of `get` are
/// NUL-terminated or null.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn spyre_hub_get(
    client: *mut SpyreHubClient,
    get: *const SpyreHubGet,
    sink: *const SpyreHubSink,
    error: *mut *mut c_char,
) -> i32 {
    let (client, get, sink) = unsafe { (&*client, &*get, &*sink) };
    let outcome = caught(|| {
        let request = unsafe { Request::read(get) }?;
        let runtime = client
            .runtime
            .as_ref()
            .expect("a client owns its runtime until it is dropped");
        runtime.block_on(transfer(&client.client, request, sink))
    });
    unsafe { *error = c_error(outcome.as_ref().err()) };
    outcome.map_or_else(|failure| failure.status, |()| SPYRE_HUB_OK)
}

/// Frees an error text of this module; null is fine.
///
/// # Safety
/// `error` comes from this module and is freed once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn spyre_hub_error_free(error: *mut c_char) {
    if !error.is_null() {
        drop(unsafe { CString::from_raw(error) });
    }
}

struct Failure {
    status: i32,
    text: Option<String>,
}

impl Failure {
    fn new(status: i32, error: &dyn std::error::Error) -> Self {
        // The outer error of a chain ("error sending request") says little; the causes say why.
        let mut text = error.to_string();
        let mut cause = error.source();
        while let Some(inner) = cause {
            text = format!("{text}: {inner}");
            cause = inner.source();
        }
        Failure {
            status,
            text: Some(text),
        }
    }

    fn stopped() -> Self {
        Failure {
            status: SPYRE_HUB_STOPPED,
            text: None,
        }
    }
}

struct Request {
    url: reqwest::Url,
    headers: HeaderMap,
    idle: Duration,
}

impl Request {
    unsafe fn read(get: &SpyreHubGet) -> Result<Self, Failure> {
        let text = |pointer: *const c_char| {
            if pointer.is_null() {
                return Ok("");
            }
            unsafe { CStr::from_ptr(pointer) }
                .to_str()
                .map_err(|e| Failure::new(SPYRE_HUB_BAD_REQUEST, &e))
        };
        let url = reqwest::Url::parse(text(get.url)?)
            .map_err(|e| Failure::new(SPYRE_HUB_BAD_REQUEST, &e))?;
        let mut headers = HeaderMap::new();
        // Sizes and ranges are those of the stored bytes.
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        let token = text(get.token)?;
        if !token.is_empty() {
            let mut value = HeaderValue::from_str(&format!("Bearer {token}"))
                .map_err(|e| Failure::new(SPYRE_HUB_BAD_REQUEST, &e))?;
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
        if get.first_byte > 0 {
            headers.insert(
                RANGE,
                HeaderValue::from_str(&format!("bytes={}-", get.first_byte)).unwrap(),
            );
        }
        Ok(Request {
            url,
            headers,
            idle: Duration::from_millis(get.idle_ms),
        })
    }
}

async fn transfer(
    client: &reqwest::Client,
    request: Request,
    sink: &SpyreHubSink,
) -> Result<(), Failure> {
    let unreachable = |e: reqwest::Error| Failure::new(SPYRE_HUB_UNREACHABLE, &e);
    let sending = client.get(request.url).headers(request.headers).send();
    let mut response = watched(sending, request.idle, sink)
        .await?
        .map_err(unreachable)?;
    if !hand_over_head(&response, sink) {
        return Err(Failure::stopped());
    }
    while let Some(piece) = watched(response.chunk(), request.idle, sink)
        .await?
        .map_err(unreachable)?
    {
        if !piece.is_empty() && !(sink.on_body)(sink.context, piece.as_ptr(), piece.len()) {
            return Err(Failure::stopped());
        }
    }
    Ok(())
}

/// Waits for the future, at most `idle`, and asks the caller in between whether to go on.
async fn watched<F: Future>(
    future: F,
    idle: Duration,
    sink: &SpyreHubSink,
) -> Result<F::Output, Failure> {
    const ASK_EVERY: Duration = Duration::from_millis(100);
    let start = Instant::now();
    let mut future = std::pin::pin!(future);
    loop {
        if let Ok(output) = tokio::time::timeout(ASK_EVERY, &mut future).await {
            return Ok(output);
        }
        if !(sink.on_body)(sink.context, std::ptr::null(), 0) {
            return Err(Failure::stopped());
        }
        if start.elapsed() >= idle {
            let text = format!("nothing arrived for {} ms", idle.as_millis());
            return Err(Failure {
                status: SPYRE_HUB_UNREACHABLE,
                text: Some(text),
            });
        }
    }
}

fn hand_over_head(response: &reqwest::Response, sink: &SpyreHubSink) -> bool {
    let header = |name: &str| {
        response
            .headers()
            .get(name)
            .and_then(|v| v.to_str().ok())
            .unwrap_or("")
    };
    let status = response.status().as_u16();
    let first_byte = if status == 206 {
        range_start(header(CONTENT_RANGE.as_str()))
    } else {
        0
    };
    let error_code = c_text(header("x-error-code"));
    let error_message = c_text(header("x-error-message"));
    let head = SpyreHubResponse {
        status,
        first_byte,
        retry_after_s: header("retry-after").parse().unwrap_or(0),
        error_code: error_code.as_ptr(),
        error_message: error_message.as_ptr(),
    };
    (sink.on_response)(sink.context, &head)
}

/// The first position of `bytes 100-199/200`; 0 when it is not of that form.
fn range_start(content_range: &str) -> u64 {
    let range = content_range.strip_prefix("bytes ").unwrap_or("");
    range
        .split('-')
        .next()
        .and_then(|start| start.parse().ok())
        .unwrap_or(0)
}

/// Runs the body of an entry; a panic becomes a failure.
fn caught<T>(body: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|_| {
        Err(Failure {
            status: SPYRE_HUB_INTERNAL,
            text: Some("the crate panicked".to_string()),
        })
    })
}

fn c_error(failure: Option<&Failure>) -> *mut c_char {
    let text = failure.and_then(|failure| failure.text.as_deref());
    text.map_or(std::ptr::null_mut(), |text| c_text(text).into_raw())
}

fn c_text(text: &str) -> CString {
    CString::new(text.replace('\0', " ")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn range_start_reads_only_its_own_form() {
        assert_eq!(range_start("bytes 100-199/200"), 100);
        assert_eq!(range_start("bytes */200"), 0);
        assert_eq!(range_start("bytes x-1/2"), 0);
        assert_eq!(range_start(""), 0);
    }

    extern "C" fn no_response(_: *mut c_void, _: *const SpyreHubResponse) -> bool {
        panic!("no response was expected")
    }

    extern "C" fn stop(_: *mut c_void, _: *const u8, _: usize) -> bool {
        false
    }

    fn get(url: &CStr, token: &CStr) -> (i32, String) {
        let get = SpyreHubGet {
            url: url.as_ptr(),
            token: token.as_ptr(),
            first_byte: 0,
            idle_ms: 1000,
        };
        let sink = SpyreHubSink {
            context: std::ptr::null_mut(),
            on_response: no_response,
            on_body: stop,
        };
        let mut error = std::ptr::null_mut();
        let client = unsafe { spyre_hub_client_new(&mut error) };
        assert!(!client.is_null() && error.is_null());
        let status = unsafe { spyre_hub_get(client, &get, &sink, &mut error) };
        unsafe { spyre_hub_client_free(client) };
        let text = if error.is_null() {
            String::new()
        } else {
            unsafe { CStr::from_ptr(error) }
                .to_string_lossy()
                .into_owned()
        };
        unsafe { spyre_hub_error_free(error) };
        (status, text)
    }

    #[test]
    fn what_cannot_be_sent_is_a_bad_request() {
        assert_eq!(get(c"not a url", c"").0, SPYRE_HUB_BAD_REQUEST);
        assert_eq!(
            get(c"http://127.0.0.1:1/", c"two\nlines").0,
            SPYRE_HUB_BAD_REQUEST
        );
    }

    #[test]
    fn a_closed_port_is_unreachable_and_says_why() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        drop(listener);
        let (status, text) = get(&CString::new(url).unwrap(), c"");
        assert_eq!(status, SPYRE_HUB_UNREACHABLE);
        assert!(text.contains("refused"), "{text}");
    }

    #[test]
    fn a_silent_server_can_be_stopped() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        assert_eq!(get(&CString::new(url).unwrap(), c"").0, SPYRE_HUB_STOPPED);
    }
}
