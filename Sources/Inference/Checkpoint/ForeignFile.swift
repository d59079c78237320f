internal import GraphCore

/// Files that people take for checkpoints, by their first bytes.
enum ForeignFile {
    /// - Parameter start: the first 512 bytes, or all of a shorter file, which is no zip archive.
    /// - Throws: unless it may be a safetensors file.
    static func refuse(_ start: [UInt8], _ file: String) throws(Diagnostic) {
        if start.isEmpty { throw Complaint.bad(file, "is empty", Complaint.downloadAgain) }
        // Pickle protocol 2 with a long integer: the magic number of torch.save before PyTorch 1.6.
        if start.starts(with: [0x80, 0x02, 0x8A, 0x0A]) || start.dropFirst(257).starts(with: "ustar".utf8) {
            throw Complaint.bad(file, "is in PyTorch's format from before version 1.6", Complaint.saveAgain)
        }
        if start.first == 0x80 {
            throw Complaint.bad(file, "is a bare pickle, not a file that torch.save wrote", Complaint.saveAgain)
        }
        if start.starts(with: "version https://git-lfs".utf8) {
            throw Complaint.bad(
                file, "is a Git LFS pointer: it says where the weights are and does not hold them",
                "Run 'git lfs pull', or download the file itself.")
        }
        let text = String(decoding: start.prefix(200), as: UTF8.self).lowercased()
        if let first = text.first(where: { !$0.isWhitespace }), first == "<" {
            throw Complaint.bad(file, "is a web page, not a checkpoint", "Download the file itself, not its page.")
        }
        if start.count < 8 { throw Complaint.cutOff(file) }
        guard start.count > 8, start[8] == UInt8(ascii: "{") else {
            throw Complaint.bad(
                file, "is neither a PyTorch checkpoint nor a safetensors file",
                "Choose a .pth, .pt or .safetensors file.")
        }
    }
}
