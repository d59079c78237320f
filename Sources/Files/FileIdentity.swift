extension Folders {
    /// Another text for every file and every change of one, told by its entry alone. Nil when there is no file.
    /// - Parameter path: a real one, as `locate` gives it.
    public static func identity(ofFile path: String) -> String? {
        guard let status = FileStatus(path), status.kind == .file else { return nil }
        return status.identity
    }
}
