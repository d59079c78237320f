internal import GraphCore

/// The raw files of cameras, told by their marks. Most are TIFFs of their own kind, so their tags decide.
enum CameraRaw {
    /// "Canon CR2" and so on; nil for anything else.
    static func name(of bytes: [UInt8]) -> String? {
        func has(_ mark: String, at offset: Int = 0) -> Bool {
            bytes.dropFirst(offset).starts(with: mark.utf8)
        }
        if has("FUJIFILMCCD-RAW") { return "Fujifilm RAF" }
        if has("IIRO") || has("IIRS") || has("MMOR") { return "Olympus ORF" }
        if has("IIU\0") { return "Panasonic RW2" }
        if has("ftypcrx", at: 4) { return "Canon CR3" }
        if has("HEAPCCDR", at: 6) { return "Canon CRW" }
        if has("\0MRM") { return "Minolta MRW" }
        if has("FOVb") { return "Sigma X3F" }
        if has("II*\0") && has("CR", at: 8) { return "Canon CR2" }
        return TIFFStructure(bytes).flatMap(name)
    }

    private static let subdirectoriesTag = 330, makeTag = 271, photometricTag = 262, dngVersionTag = 50_706

    /// A TIFF is a raw file when it says that it is a DNG, or when any of its pictures has the samples of a sensor's
    /// colour filters. DNG 1.6 chapters 2 and 4.
    private static func name(of structure: TIFFStructure) -> String? {
        guard let first = structure.directory(at: structure.first) else { return nil }
        if first.entry(dngVersionTag) != nil { return "DNG" }
        let below = first.entry(subdirectoriesTag).map(structure.directories(at:)) ?? []
        guard ([first] + below).contains(where: { isSensor($0, in: structure) }) else { return nil }
        let make = first.entry(makeTag).flatMap(structure.text(of:))?.lowercased() ?? ""
        let kinds = [
            ("nikon", "Nikon NEF"), ("sony", "Sony ARW"), ("pentax", "Pentax PEF"), ("ricoh", "Pentax PEF"),
            ("samsung", "Samsung SRW"), ("hasselblad", "Hasselblad 3FR"), ("kodak", "Kodak DCR"),
            ("epson", "Epson ERF"),
        ]
        return kinds.first { make.hasPrefix($0.0) }?.1 ?? "camera"
    }

    private static func isSensor(_ directory: TIFFStructure.Directory, in structure: TIFFStructure) -> Bool {
        let (colourFilters, linearRaw) = (32_803, 34_892)
        let photometric = directory.entry(photometricTag).flatMap(structure.number(of:))
        return photometric == colourFilters || photometric == linearRaw
    }
}

extension TIFFStructure {
    /// Those that a tag points to; a few at most.
    fileprivate func directories(at entry: Entry) -> [Directory] {
        numbers(of: entry, atMost: 16).compactMap(directory(at:))
    }
}
