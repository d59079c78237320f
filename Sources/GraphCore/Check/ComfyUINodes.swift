/// Node types that come with ComfyUI and that workflows from elsewhere use most (0.3.64, nodes.py and comfy_extras).
///
/// A file that needs one is no mistake: it is meant for another server.
enum ComfyUINodes {
    static let names: Set<String> = [
        "KSampler", "KSamplerAdvanced", "KSamplerSelect", "SamplerCustom", "SamplerCustomAdvanced", "BasicScheduler",
        "BasicGuider", "CFGGuider", "RandomNoise", "DisableNoise", "FluxGuidance", "ModelSamplingFlux",
        "ModelSamplingSD3", "ModelSamplingAuraFlow", "CheckpointLoaderSimple", "CheckpointLoader", "CheckpointSave",
        "unCLIPCheckpointLoader", "UNETLoader", "CLIPLoader", "DualCLIPLoader", "TripleCLIPLoader", "CLIPVisionLoader",
        "CLIPVisionEncode", "CLIPTextEncode", "CLIPTextEncodeSDXL", "CLIPTextEncodeFlux", "CLIPSetLastLayer",
        "VAELoader", "VAEDecode", "VAEDecodeTiled", "VAEEncode", "VAEEncodeTiled", "VAEEncodeForInpaint",
        "VAEDecodeAudio", "EmptyLatentImage", "EmptySD3LatentImage", "EmptyLatentAudio", "EmptyHunyuanLatentVideo",
        "LatentUpscale", "LatentUpscaleBy", "LatentFromBatch", "LatentBlend", "LatentComposite", "SaveLatent",
        "LoadLatent", "SetLatentNoiseMask", "RepeatLatentBatch", "LoraLoader", "LoraLoaderModelOnly",
        "ControlNetLoader",
        "ControlNetApply", "ControlNetApplyAdvanced", "SetUnionControlNetType", "ConditioningCombine",
        "ConditioningConcat", "ConditioningAverage", "ConditioningSetArea", "ConditioningSetMask",
        "ConditioningZeroOut", "ConditioningSetTimestepRange", "InpaintModelConditioning", "ReferenceLatent",
        "StyleModelLoader", "StyleModelApply",
        "LoadImageOutput", "DifferentialDiffusion", "FreeU", "FreeU_V2", "HyperTile",
        "WanImageToVideo", "CreateVideo", "SaveVideo", "LoadVideo", "SaveWEBM", "SaveAnimatedWEBP", "SaveAnimatedPNG",
        "VideoLinearCFGGuidance", "SVD_img2vid_Conditioning", "ImageOnlyCheckpointLoader", "Canny", "Preview3D",
        "Load3D", "PhotoMakerLoader", "GLIGENLoader", "HypernetworkLoader", "DiffusersLoader",
        "TextEncodeQwenImageEdit",
    ]
}
