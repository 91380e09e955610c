#!/bin/sh
# Makes the table in docs/formats.md: one clip in 60 and more formats and oddities (by ffmpeg 5.1 or later), decoded by wsac
# and by ffmpeg, compared.
#
#     cargo build --release -p wsac-audio --example decode
#     reference/formats_table.sh target/release/examples/decode > docs/formats.md
#
# A row is decoded by wsac itself where that works without ffmpeg on the PATH.
set -eu
decode="$(realpath "$1")"
clip="$(realpath "$(dirname "$0")/../examples/clips/dog.ogg")"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"

make() { # FILE [OPTIONS]: the clip with these options
    file="$1"
    shift
    ffmpeg -v error -nostdin -y -i "$clip" -map_metadata -1 "$@" "$file"
}
patch() { # FILE PLACE BYTES: writes bytes (for printf) over those at a place
    printf "$3" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

row() { # FILE DESCRIPTION
    ffmpeg -v error -nostdin -y -i "file:$1" -map 0:a:"${3:-0}" -ac 1 -ar 16000 -f f32le theirs.f32 2> /dev/null || : > theirs.f32
    by=wsac
    PATH=/nowhere "$decode" "$1" 16000 > /dev/null 2> alone || by=ffmpeg
    if grep -q 'without ffmpeg' alone; then by='ffmpeg'; fi
    measured="$("$decode" "$1" 16000 theirs.f32 2> said)" || measured="$(printf -- '-\t-\t-\t-')"
    said="$(sed -e 's/^warning: //' -e 's/^Error: "error: //' -e "s/[^ ]*: //" -e 's/|/\\|/g' said | tr '\n' ' ' | cut -c1-160)"
    printf '%s\n' "$measured" | awk -F'\t' -v what="$2" -v file="$1" -v by="$by" -v said="$said" \
        '{ printf "| %s | `%s` | %s | %s | %s | %s | %s |\n", what, file, by, $1, $2, $3, said }'
}

cat << 'HEAD'
# Formats

What wsac reads, measured: one clip of 5 s (`examples/clips/dog.ogg`) in each format, decoded by wsac and by ffmpeg, both as
mono at 16 kHz. `by` is `wsac` where no ffmpeg is needed. Correlation is that of the samples at the best shift, 1 where they
are the same up to rounding; it is lower where ffmpeg leaves out the 23 ms that an encoder of AAC puts before the sound (a shift
that is no whole number of samples), where a resampler differs, and where ffmpeg hears less. Made by
`reference/formats_table.sh`.

| format | file | by | s, wsac | s, ffmpeg | correlation | said |
|---|---|---|---|---|---|---|
HEAD

# WAV and its kin.
for codec in pcm_u8 pcm_s16le pcm_s24le pcm_s32le pcm_f32le pcm_f64le pcm_alaw pcm_mulaw adpcm_ms adpcm_ima_wav; do
    make "$codec.wav" -c:a "$codec"
    row "$codec.wav" "WAV, $codec"
done
make ext6.wav -ac 6 && row ext6.wav "WAV, six channels"
make mp3_in.wav -c:a libmp3lame && row mp3_in.wav "WAV, MP3 inside"
make mp2_in.wav -c:a mp2 -f wav && row mp2_in.wav "WAV, MP2 inside"
make ac3_in.wav -c:a ac3 -f wav && row ac3_in.wav "WAV, AC-3 inside"
make flac_in.wav -c:a flac -f wav && row flac_in.wav "WAV, FLAC inside"
make bat.wav -c:a pcm_u8 -ar 11127 && row bat.wav "WAV, 8 bits at 11,127 Hz"
ffmpeg -v error -nostdin -i "$clip" -f wav - > pipe.wav && row pipe.wav "WAV, ffmpeg's pipe (sizes FFFFFFFF)"
make plain.wav -fflags +bitexact
cp plain.wav riff0.wav && patch riff0.wav 4 '\0\0\0\0' && row riff0.wav "WAV, RIFF size 0"
cp plain.wav data0.wav && patch data0.wav 40 '\0\0\0\0' && row data0.wav "WAV, data size 0 (the recorder died)"
cp plain.wav short.wav && patch short.wav 40 '\0\20\0\0' && row short.wav "WAV, data size of the first flush"
cp plain.wav sox.wav && patch sox.wav 40 '\0\360\377\177' && row sox.wav "WAV, sox's pipe (7FFFF000)"
cp plain.wav bits12.wav && patch bits12.wav 34 '\14\0' && row bits12.wav "WAV, 12 bits"
head -c 200000 plain.wav > half.wav && row half.wav "WAV, half of it"
{ head -c 36 plain.wav; printf 'LIST\21\0\0\0INFOIART\5\0\0\0field'; tail -c +37 plain.wav; } > odd.wav
row odd.wav "WAV, a list of odd size"
make rf64.wav -rf64 always && row rf64.wav "RF64"
cp rf64.wav bw64.wav && patch bw64.wav 0 'BW64' && row bw64.wav "BW64"
make a.w64 && row a.w64 "Wave64"
make s16.aiff && row s16.aiff "AIFF, 16 bits"
make s24.aiff -c:a pcm_s24be && row s24.aiff "AIFF, 24 bits"
make sowt.aiff -c:a pcm_s16le && row sowt.aiff "AIFF-C, little-endian"
make f32.aiff -c:a pcm_f32be && row f32.aiff "AIFF-C, floats"
make ulaw.aiff -c:a pcm_mulaw && row ulaw.aiff "AIFF-C, mu-law"
make s16.au && row s16.au "AU, 16 bits"
make ulaw.au -c:a pcm_mulaw && row ulaw.au "AU, mu-law"
make s16.caf && row s16.caf "CAF, 16 bits"
make alac.caf -c:a alac && row alac.caf "CAF, ALAC"

# Lossless and lossy streams.
make s16.flac && row s16.flac "FLAC"
make s24.flac -c:a flac -sample_fmt s32 && row s24.flac "FLAC, 24 bits"
cp s16.flac open.flac && patch open.flac 8 '\0\0' && row open.flac "FLAC, least block size 0"
head -c 60000 s16.flac > half.flac && row half.flac "FLAC, half of it"
make flac.ogg -c:a flac && row flac.ogg "Ogg, FLAC"
make cbr.mp3 -c:a libmp3lame -b:a 96k && row cbr.mp3 "MP3"
make vbr.mp3 -c:a libmp3lame -q:a 4 && row vbr.mp3 "MP3, variable rate"
make noxing.mp3 -c:a libmp3lame -q:a 4 -write_xing 0 -id3v2_version 0 && row noxing.mp3 "MP3, variable rate, no length"
cat cbr.mp3 vbr.mp3 > joined.mp3 && row joined.mp3 "MP3, two files joined"
tail -c +7001 cbr.mp3 > cut.mp3 && row cut.mp3 "MP3, its beginning cut off"
make a.mp2 && row a.mp2 "MP2"
make a.aac && row a.aac "AAC with frame headers"
tail -c +5001 a.aac > cut.aac && row cut.aac "AAC, its beginning cut off"
make a.ogg && row a.ogg "Ogg, Vorbis"
make a.opus && row a.opus "Ogg, Opus"
make low.opus -c:a libopus -b:a 12k -application voip && row low.opus "Ogg, Opus, 12 kbit/s (speech)"
make stereo.opus -c:a libopus -ac 2 && row stereo.opus "Ogg, Opus, stereo"
make six.opus -c:a libopus -ac 6 && row six.opus "Ogg, Opus, six channels"
cat a.ogg a.ogg > chain.ogg && row chain.ogg "Ogg, two streams chained (ffmpeg is 3 ms late in the second)"
cat a.ogg a.opus > codecs.ogg && row codecs.ogg "Ogg, Vorbis then Opus (ffmpeg hears the first)"
make a.spx && row a.spx "Ogg, Speex"

# Containers of tracks.
make a.m4a && row a.m4a "M4A, AAC"
make fast.m4a -movflags +faststart && row fast.m4a "M4A, index first"
make pieces.mp4 -movflags +frag_keyframe+empty_moov && row pieces.mp4 "MP4, fragmented"
make six.m4a -ac 6 && row six.m4a "M4A, AAC, six channels"
make alac.m4a -c:a alac && row alac.m4a "M4A, ALAC"
make opus.mp4 -c:a libopus -strict -2 && row opus.mp4 "MP4, Opus"
make mp3.mp4 -c:a libmp3lame && row mp3.mp4 "MP4, MP3"
make ac3.mp4 -c:a ac3 && row ac3.mp4 "MP4, AC-3"
make flac.mp4 -c:a flac -strict -2 && row flac.mp4 "MP4, FLAC"
make s16.mov -c:a pcm_s16le && row s16.mov "MOV, 16 bits"
cp fast.m4a wide.mov && patch wide.mov 4 'wide' && row wide.mov "MOV, first box renamed"
make a.3gp -c:a aac && row a.3gp "3GP, AAC"
for codec in aac libmp3lame libvorbis libopus flac pcm_s16le ac3; do
    make "$codec.mka" -c:a "$codec"
    row "$codec.mka" "Matroska, $codec"
done
make a.webm && row a.webm "WebM, Opus"
ffmpeg -v error -nostdin -y -f lavfi -i anullsrc=r=44100:d=5 -i "$clip" -map 0 -map 1 two.m4a
row two.m4a "M4A, two tracks, the first silent" 1
ffmpeg -v error -nostdin -y -i "$clip" -af 'pan=stereo|c0=c0|c1=-1*c0' inverted.wav
row inverted.wav "WAV, one channel the other upside down (ffmpeg hears silence)"

# What ffmpeg reads for us.
make aac.ts -c:a aac && row aac.ts "MPEG-TS, AAC"
tail -c +101 aac.ts > cut.ts && row cut.ts "MPEG-TS, its beginning cut off"
make mp3.ts -c:a libmp3lame && row mp3.ts "MPEG-TS, MP3"
make a.flv -c:a aac && row a.flv "FLV, AAC"
make mp3.avi -c:a libmp3lame && row mp3.avi "AVI, MP3"
make a.wma && row a.wma "Windows Media"
make a.ac3 && row a.ac3 "AC-3"
make a.eac3 && row a.eac3 "E-AC-3"
make a.wv && row a.wv "WavPack"
make a.tta && row a.tta "TTA"
make a.voc && row a.voc "Creative VOC"
make a.rm -ar 8000 -c:a real_144 && row a.rm "RealMedia"
make g722.wav -ar 16000 -c:a g722 && row g722.wav "WAV, G.722 inside"
make adpcm_swf.flv -ar 22050 -c:a adpcm_swf && row adpcm_swf.flv "FLV, ADPCM"
