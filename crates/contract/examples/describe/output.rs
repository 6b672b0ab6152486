//! The files that are written, or compared with those that are there.

use std::{fs, io, path::Path};

/// Where the pages of hubs are. Nothing else is there, so that the page of a hub that is no more is noticed.
const PAGES: &str = "docs/hubs";

/// A file.
pub(crate) struct Output {
    /// Where it is, below the project's folder.
    pub(crate) path: String,
    text: String,
}

impl Output {
    /// A file of this text, which ends in one line break.
    pub(crate) fn new(path: &str, text: &str) -> Self {
        let text = format!("{}\n", text.trim_end());
        Self { path: path.to_owned(), text }
    }

    /// Writes it, where it is not so already.
    pub(crate) fn write(&self, project: &Path) -> io::Result<()> {
        if self.is_current(project) {
            return Ok(());
        }
        let path = project.join(&self.path);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        println!("{}", self.path);
        fs::write(path, &self.text)
    }

    /// Whether it is there as it should be. Git may have changed its line breaks.
    pub(crate) fn is_current(&self, project: &Path) -> bool {
        fs::read_to_string(project.join(&self.path)).is_ok_and(|found| found.replace("\r\n", "\n") == self.text)
    }

    /// What is in it.
    #[cfg(test)]
    pub(crate) fn text(&self) -> &str {
        &self.text
    }
}

/// Pages that are of no hub.
pub(crate) fn strangers(project: &Path, outputs: &[Output]) -> io::Result<Vec<String>> {
    let folder = project.join(PAGES);
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let names = fs::read_dir(folder)?.map(|entry| Ok(format!("{PAGES}/{}", entry?.file_name().to_string_lossy())));
    let names: Vec<String> = names.collect::<io::Result<_>>()?;
    Ok(names.into_iter().filter(|name| outputs.iter().all(|output| output.path != *name)).collect())
}
