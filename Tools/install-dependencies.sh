#!/usr/bin/env bash
# Installs the system libraries that building needs, where they are missing and there is the right to; otherwise names
# the exact command. Says nothing when everything is there.
set -euo pipefail

if ! command -v swift >/dev/null; then
    echo "The Swift toolchain is missing. Install Swift 6.3 or later from swift.org, then try again." >&2
    exit 1
fi

install() { # program, arguments...: as root, by sudo without a password, or by telling how
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
        sudo "$@"
    else
        return 1
    fi
}

if command -v apt-get >/dev/null; then
    missing=()
    for package in libpng-dev libjpeg-dev libwebp-dev libtiff-dev libgif-dev liblcms2-dev libsndfile1-dev libsamplerate0-dev libebur128-dev libkissfft-dev espeak-ng libyaml-dev libssl-dev zlib1g-dev libcurl4-openssl-dev python3-venv pkg-config \
        curl; do
        dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
    done
    [ "${#missing[@]}" -eq 0 ] && exit 0
    echo "Installing ${missing[*]}"
    export DEBIAN_FRONTEND=noninteractive
    if ! { install apt-get update -qq && install apt-get install -y -qq "${missing[@]}" >/dev/null; }; then
        echo "These libraries are missing. Install them with:" >&2
        echo "  sudo apt-get update && sudo apt-get install -y ${missing[*]}" >&2
        exit 1
    fi
elif command -v brew >/dev/null; then
    missing=()
    for package in libpng jpeg-turbo webp libtiff giflib little-cms2 libsndfile libsamplerate libebur128 kissfft espeak-ng libyaml openssl@3 curl pkg-config; do
        brew list --versions "$package" >/dev/null 2>&1 || missing+=("$package")
    done
    [ "${#missing[@]}" -eq 0 ] || brew install "${missing[@]}"
else
    echo "Make sure these libraries are installed with their headers: libpng, libjpeg-turbo, libwebp, libtiff, giflib, Little CMS 2, libsndfile, libsamplerate, libebur128, KISS FFT, espeak-ng (a program), libyaml, OpenSSL 3, zlib, libcurl." >&2
fi
