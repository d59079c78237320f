internal import Files
internal import GraphCore
internal import HTTP
internal import Media

/// Files from outside: pictures, sounds, and masks drawn on pictures that are here.
struct UploadRoutes {
    let context: ServerContext

    private static let maxPictureByteCount = 512 << 20

    var routes: [Route] {
        [
            upload("/upload/image") { form in
                reply(to: form, on: context.uploads) { try Self.commit(form.file, form) }
            },
            upload("/upload/mask") { form in
                let original = try Original(form.originalReference)
                return reply(to: form, on: context.pictures) { try commit(form, maskOf: original) }
            },
        ]
    }

    private func upload(
        _ pattern: String, _ then: @escaping @Sendable (UploadForm.Content) throws -> Reply
    ) -> Route {
        let limit = context.options.maxUploadByteCount
        return Route(
            "POST", pattern,
            handler: .streamed(maxByteCount: limit) { [folders = context.folders] request in
                try UploadForm(request, folders: folders, maxByteCount: limit, then: then)
            }
        ).advising("Upload a smaller file, or start the server with a larger --max-upload-size (MB).")
    }

    private func reply(
        to form: UploadForm.Content, on lane: BlockingPool, _ commit: @escaping @Sendable () throws -> SavedFile
    ) -> Reply {
        let context = context
        let work = context.work(on: lane) {
            // What was not given a name is gone before the answer is there.
            defer { form.file.discard() }
            let saved = try commit()
            return .json([
                "name": .string(saved.filename), "subfolder": .string(saved.subfolder),
                "type": .string(saved.folder.rawValue),
            ])
        }
        guard form.folder == .temp, case .later(let run) = work else { return work }
        return .later {
            await context.tempCleanup.wait()
            return await run()
        }
    }

    private static func commit(_ file: Upload, _ form: UploadForm.Content) throws(HTTPProblem) -> SavedFile {
        do {
            return try file.commit(subfolder: form.subfolder, folder: form.folder, overwrite: form.overwrite)
        } catch {
            throw UploadForm.problem(error)
        }
    }

    // MARK: Masks

    /// The picture that a mask was drawn on: `{"filename": "a.png", "subfolder": "", "type": "output"}`.
    private struct Original: Sendable {
        let filename: String
        let subfolder: String
        let type: String?

        init(_ text: [UInt8]?) throws(HTTPProblem) {
            guard let text, let json = try? JSONParser.parse(text), let filename = json["filename"]?.string else {
                throw HTTPProblem(
                    400, "the field 'original_ref' does not name the picture that the mask is for",
                    suggestion: #"Send {"filename": "photo.png", "subfolder": "", "type": "input"} in it."#)
            }
            self.filename = filename
            subfolder = json["subfolder"]?.string ?? ""
            type = json["type"]?.string
        }
    }

    private func commit(_ form: UploadForm.Content, maskOf original: Original) throws -> SavedFile {
        let picture: [UInt8]
        do throws(Diagnostic) {
            let path = try context.folders.locate(
                filename: original.filename, subfolder: original.subfolder, type: original.type)
            picture = try Self.read(path)
        } catch {
            throw HTTPProblem(400, "the original: \(error.message)", suggestion: error.suggestion)
        }
        let masked: [UInt8]
        do throws(CodecError) {
            masked = try PictureMask.apply(try Self.contents(form.file), to: picture)
        } catch {
            throw HTTPProblem(400, error.message, suggestion: error.suggestion)
        }
        let result: Upload
        do throws(Diagnostic) {
            result = try context.folders.beginUpload(filename: form.file.filename, maxByteCount: .max)
            try result.write(masked[...])
        } catch {
            throw UploadForm.problem(error)
        }
        return try Self.commit(result, form)
    }

    private static func read(_ path: String) throws(Diagnostic) -> [UInt8] {
        do throws(HTTPProblem) {
            let file = try OpenedFile(path: path)
            guard file.byteCount <= maxPictureByteCount else {
                throw HTTPProblem(413, "it has \(file.byteCount) bytes; the limit is \(maxPictureByteCount)")
            }
            return try file.prefix(maxPictureByteCount)
        } catch {
            throw Diagnostic(.fileNotReadable, node: nil, error.message, suggestion: error.suggestion)
        }
    }

    private static func contents(_ file: Upload) throws(CodecError) -> [UInt8] {
        do {
            return try file.contents()
        } catch {
            throw CodecError(error.message, suggestion: error.suggestion)
        }
    }
}
