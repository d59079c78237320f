#!/bin/bash
# Speaks and paints through a running Xinference, and says what works. Sounds and pictures are left in a new folder.
# usage: check-xinference.sh URL   (GRAPHRUN names the program; the models' names can be set, see below)
set -u
if [ $# -ne 1 ]; then
    echo "usage: make check-xinference URL=http://127.0.0.1:9997" >&2
    exit 3
fi
graphrun=${GRAPHRUN:-$(dirname "$0")/../.build/release/graphrun}
export GRAPHRUN_PROVIDER_CHECK_URL=$1
export GRAPHRUN_PROVIDER_CHECK_KIND=xinference
cosy=${SPEECH_MODEL:-CosyVoice2-0.5B}
index=${INDEX_MODEL:-IndexTTS2}
image=${IMAGE_MODEL:-Z-Image-Turbo}
folder=$(mktemp -d "${TMPDIR:-/tmp}/check-xinference-XXXXXX")
failed=0

# check NAME NODES: runs a workflow, given as JSON, in the folder.
check() {
    printf '%-44s' "$1"
    local start=$SECONDS
    if printf '%s' "$2" | "$graphrun" - --base-directory "$folder" --quiet > "$folder/last.log" 2>&1; then
        echo "works ($((SECONDS - start)) s)"
    else
        failed=1
        echo "fails"
        sed 's/^/    /' "$folder/last.log"
    fi
}

# speech NODE NAME INPUTS: a node with a sound, saved.
speech() {
    printf '{"s": {"class_type": "%s", "inputs": {"provider": "check", %s}},' "$1" "$3"
    # The reference sound is spoken on this machine.
    printf '"r": {"class_type": "TTS", "inputs": {"text": "This is a voice to speak in, for some seconds."}},'
    printf '"e": {"class_type": "SaveAudio", "inputs": {"audio": ["s", 0], "filename_prefix": "%s"}}}' "$2"
}

reference='"reference_audio": ["r", 0]'
check "TTS, engine openai" \
    "$(speech TTS tts "\"engine\": \"openai\", \"model\": \"$cosy\", \"text\": \"Hello from a server.\"")"
check "CosyVoice3" "$(speech CosyVoice3 cosy "\"model\": \"$cosy\", \"text\": \"Hello. 你好，世界。\"")"
check "CosyVoice3, reference sound" \
    "$(speech CosyVoice3 cosy-voice "\"model\": \"$cosy\", \"text\": \"Hello again.\", $reference")"
check "CosyVoice3, reference sound and instruction" \
    "$(speech CosyVoice3 cosy-how "\"model\": \"$cosy\", \"text\": \"Good night.\", $reference, \"instruction\": \"in a gentle voice\"")"
check "IndexTTS2, reference sound" \
    "$(speech IndexTTS2 index "\"model\": \"$index\", \"text\": \"Hello again.\", $reference")"
check "IndexTTS2, sliders" \
    "$(speech IndexTTS2 index-happy "\"model\": \"$index\", \"text\": \"What a day!\", $reference, \"happy\": 0.7")"
check "IndexTTS2, emotion in words" \
    "$(speech IndexTTS2 index-words "\"model\": \"$index\", \"text\": \"What a day.\", $reference, \"emotion_text\": \"tired\"")"

# picture NODE NAME INPUTS: a node with a picture, saved.
picture() {
    printf '{"p": {"class_type": "%s", "inputs": {"provider": "check", "model": "%s", "prompt": "a lighthouse", %s}},' \
        "$1" "$image" "$3"
    printf '"g": {"class_type": "EmptyImage", "inputs": {"width": 512, "height": 512, "batch_size": 1, "color": 8421504}},'
    printf '"e": {"class_type": "SaveImage", "inputs": {"images": ["p", 0], "filename_prefix": "%s"}}}' "$2"
}

check "TextToImage" "$(picture TextToImage text '"width": 512, "height": 512, "seed": 1')"
check "ImageToImage" "$(picture ImageToImage image '"image": ["g", 0], "strength": 0.8, "seed": 1')"
echo "What was made lies in $folder/output"
exit $failed
