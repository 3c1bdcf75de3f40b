//! C entries of chat templates. A template may be used by many threads at once.

use super::{SpyreTextSpan, SpyreTextString, guard};
use crate::gguf;
use crate::template::{ChatTemplate, RenderRequest, TemplateFiles};

/// The chat templates of a model; opaque.
pub struct SpyreTextTemplate(ChatTemplate);

/// Contents of a model folder's files, each null when the file does not exist.
#[repr(C)]
pub struct SpyreTextTemplateFiles {
    pub chat_template_jinja: SpyreTextSpan,
    pub chat_template_json: SpyreTextSpan,
    pub tokenizer_config_json: SpyreTextSpan,
    pub special_tokens_map_json: SpyreTextSpan,
}

fn handle(template: Option<ChatTemplate>) -> *mut SpyreTextTemplate {
    template.map_or(std::ptr::null_mut(), |t| {
        Box::into_raw(Box::new(SpyreTextTemplate(t)))
    })
}

/// `*out` becomes null when the model has no template.
///
/// # Safety
/// Spans and pointers are valid; `*out` is freed with `spyre_text_template_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn spyre_text_template_from_files(
    files: *const SpyreTextTemplateFiles,
    out: *mut *mut SpyreTextTemplate,
    error: *mut SpyreTextString,
) -> i32 {
    unsafe {
        guard(out, error, || {
            let files = &*files;
            let template = ChatTemplate::from_files(&TemplateFiles {
                chat_template_jinja: files.chat_template_jinja.get(),
                chat_template_json: files.chat_template_json.get(),
                tokenizer_config_json: files.tokenizer_config_json.get(),
                special_tokens_map_json: files.special_tokens_map_json.get(),
            })?;
            Ok(handle(template))
        })
    }
}

/// `metadata_json`: one object with the `tokenizer.*` keys of a GGUF file. `*out` becomes null when
/// it has no template.
///
/// # Safety
/// Spans and pointers are valid; `*out` is freed with `spyre_text_template_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn spyre_text_template_from_gguf(
    metadata_json: SpyreTextSpan,
    out: *mut *mut SpyreTextTemplate,
    error: *mut SpyreTextString,
) -> i32 {
    unsafe {
        guard(out, error, || {
            let metadata = gguf::Metadata::parse(metadata_json.get().unwrap_or_default())?;
            Ok(handle(gguf::chat_template(&metadata)?))
        })
    }
}

/// `request_json`: see RenderRequest in template.rs.
///
/// # Safety
/// `template` is alive; spans and pointers are valid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn spyre_text_template_render(
    template: *const SpyreTextTemplate,
    request_json: SpyreTextSpan,
    out: *mut SpyreTextString,
    error: *mut SpyreTextString,
) -> i32 {
    unsafe {
        guard(out, error, || {
            let request = RenderRequest::parse(request_json.get().unwrap_or_default())?;
            Ok(SpyreTextString::new((*template).0.render(&request)?))
        })
    }
}

/// Null is fine.
///
/// # Safety
/// `template` was made by this library and is freed once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn spyre_text_template_free(template: *mut SpyreTextTemplate) {
    if !template.is_null() {
        drop(unsafe { Box::from_raw(template) });
    }
}
