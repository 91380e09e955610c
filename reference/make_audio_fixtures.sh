#!/bin/sh
# Makes the tiny recordings in crates/audio/tests/audio (ffmpeg 5.1 or later): half a second (FLAC: 0.3 s) of 440 Hz,
# amplitude 0.25, 44.1 kHz stereo with the sine on the left and silence on the right:
# the mono mean has amplitude 0.125.
set -eu
out="$(dirname "$0")/../crates/audio/tests/audio"
mkdir -p "$out"
sine() {
    ffmpeg -v error -y -bitexact -f lavfi \
        -i "aevalsrc=0.25*sin(2*PI*440*t)|0:s=44100:d=0.5" -map_metadata -1 -fflags +bitexact -flags:a +bitexact "$@"
}
sine -t 0.3 -metadata_header_padding 0 -c:a flac -sample_fmt s16 "$out/sine.flac"
sine -c:a libmp3lame -b:a 64k "$out/sine.mp3"
sine -c:a libvorbis -q:a 2 "$out/sine.ogg"
sine -c:a aac -b:a 64k "$out/sine.m4a"
sine -c:a aac -b:a 64k -f adts "$out/sine.aac"
sine -c:a libopus -b:a 32k -ar 48000 "$out/sine.opus"
sine -c:a libopus -b:a 32k -ar 48000 -f webm "$out/sine.webm"
sine -c:a libvorbis -q:a 2 -f matroska "$out/sine.mka"
# A film without sound: nothing to hear.
ffmpeg -v error -y -f lavfi -i "color=black:s=16x16:r=5:d=0.4" -map_metadata -1 -fflags +bitexact -c:v mpeg4 "$out/silent-film.mp4"
# Two tracks of sound, the first silent; in Matroska the default flag is on the second.
two() {
    ffmpeg -v error -y -bitexact -f lavfi -i "anullsrc=r=44100:cl=mono:d=0.5" \
        -f lavfi -i "aevalsrc=0.25*sin(2*PI*440*t):s=44100:d=0.5" -map 0 -map 1 \
        -map_metadata -1 -fflags +bitexact -flags:a +bitexact "$@"
}
two -c:a aac -b:a 48k "$out/two-tracks.m4a"
two -c:a libvorbis -q:a 0 -disposition:a:0 0 -disposition:a:1 default -f matroska "$out/two-tracks.mka"
# Two quiet seconds, then a loud one, in MP3 of variable bit rate that does not say its length.
ffmpeg -v error -y -bitexact -f lavfi -i "aevalsrc=if(gte(t\,2)\,0.4*(random(0)-0.5)\,0.01*sin(2*PI*440*t)):s=22050:d=3" \
    -map_metadata -1 -c:a libmp3lame -q:a 4 -write_xing 0 -id3v2_version 0 "$out/vbr.mp3"
ls -l "$out"
