public import GraphCore
public import Inference
public import Remote

/// The table of contents: every node type this module has.
public enum BuiltInNodes {
    /// - Parameters:
    ///   - models: where nodes with models get them from.
    ///   - providers: the model servers that remote nodes may call.
    public static func all(
        models: ModelHost = ModelHost(ModelHost.Options()), providers: Providers = .none
    ) -> [any Node] {
        files + sizes + batches + changes + restoration + colors(models) + masks + sounds + soundWork
            + speech(providers) + painting(providers) + values
    }

    private static var files: [any Node] {
        [
            LoadImage(), LoadImageMask(), SaveImage(), SaveImageAdvanced(), PreviewImage(), SaveImageWebsocket(),
            EmptyImage(),
        ]
    }

    private static var sizes: [any Node] {
        [
            ImageScale(), ImageScaleBy(), ImageScaleToTotalPixels(), ImageCrop(), ImagePadForOutpaint(), ImageRotate(),
            ImageFlip(), ImageStitch(), GetImageSize(),
        ]
    }

    private static var batches: [any Node] {
        [ImageBatch(), RepeatImageBatch(), ImageFromBatch(), RebatchImages()]
    }

    private static var changes: [any Node] {
        [
            ImageInvert(), ImageBlend(), ImageBlur(), ImageSharpen(), ImageQuantize(), ImageCompositeMasked(),
            SplitImageWithAlpha(), JoinImageWithAlpha(),
        ]
    }

    /// What an old photo needs.
    private static var restoration: [any Node] {
        [
            ImageGrayscale(), ImageAutoContrast(), ImageDenoise(), ImageDescratch(), ImageDeskew(), ImageVignetteFix(),
        ]
    }

    private static func colors(_ models: ModelHost) -> [any Node] {
        [
            DDColorColorize(models), DDColor(models), UpscaleModelLoader(models), ImageUpscaleWithModel(models),
            OnnxImageModel(models), ImageSaturation(), ColorizeStrength(),
        ]
    }

    private static var masks: [any Node] {
        [
            SolidMask(), InvertMask(), CropMask(), FeatherMask(), GrowMask(), MaskComposite(), ThresholdMask(),
            MaskToImage(), ImageToMask(),
        ]
    }

    private static var sounds: [any Node] {
        [LoadAudio(), SaveAudio(), SaveAudioMP3(), SaveAudioOpus(), PreviewAudio()]
    }

    private static func speech(_ providers: Providers) -> [any Node] {
        [TTS(providers: providers), CosyVoice3(providers), IndexTTS2(providers)]
    }

    private static var soundWork: [any Node] {
        [
            EmptyAudio(), TrimAudioDuration(), AudioConcat(), AudioMerge(), SplitAudioChannels(), JoinAudioChannels(),
            AudioToMono(), AudioResample(), AudioAdjustVolume(), AudioNormalize(), AudioSpectrogram(),
        ]
    }

    private static func painting(_ providers: Providers) -> [any Node] {
        [TextToImage(providers), ImageToImage(providers)]
    }

    private static var values: [any Node] {
        [
            PrimitiveInt(), PrimitiveFloat(), PrimitiveString(), PrimitiveStringMultiline(), PrimitiveBoolean(),
            StringConcatenate(), StringReplace(), RegexExtract(), PreviewAny(),
        ]
    }
}
