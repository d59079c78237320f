internal import Files
internal import Foundation
internal import GraphCore

/// Packages that pip puts beside an installed frontend, and that ComfyUI serves: templates and the nodes' documentation.
struct PipPackages {
    /// Folders `templates/`: of `comfyui_workflow_templates`, and of the bundles that newer ones consist of.
    let templates: [StaticFiles]
    let docs: StaticFiles?

    static let none = PipPackages(templates: [], docs: nil)

    private init(templates: [StaticFiles], docs: StaticFiles?) { (self.templates, self.docs) = (templates, docs) }

    /// - Parameter frontEndRoot: `.../site-packages/comfyui_frontend_package/static`; there are none beside others.
    init(beside frontEndRoot: String) {
        let root = URL(filePath: frontEndRoot).resolvingSymlinksInPath()
        let package = root.deletingLastPathComponent()
        guard root.lastPathComponent == "static", package.lastPathComponent == "comfyui_frontend_package" else {
            self = .none
            return
        }
        let site = package.deletingLastPathComponent().path
        let names = (try? FileManager.default.contentsOfDirectory(atPath: site)) ?? []
        templates = names.filter { $0.hasPrefix("comfyui_workflow_templates") && !$0.hasSuffix(".dist-info") }.sorted()
            .map { StaticFiles(path: "\(site)/\($0)/templates") }
        docs = names.contains("comfyui_embedded_docs") ? StaticFiles(path: site + "/comfyui_embedded_docs/docs") : nil
    }
}
