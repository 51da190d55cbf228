package files

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"image"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func cleaned(f form, picture []byte) ([]byte, found, error) {
	var out bytes.Buffer
	w := bufio.NewWriter(&out)
	learnt, err := f.clean(w, bufio.NewReader(bytes.NewReader(picture)), int64(len(picture)))
	_ = w.Flush()
	return out.Bytes(), learnt, err
}

func same(t testing.TB, f form, a, b []byte) bool {
	t.Helper()
	one, err := f.decode(bytes.NewReader(a))
	must(t, err)
	two, err := f.decode(bytes.NewReader(b))
	must(t, err)
	if one.Bounds() != two.Bounds() {
		return false
	}
	for y := one.Bounds().Min.Y; y < one.Bounds().Max.Y; y++ {
		for x := one.Bounds().Min.X; x < one.Bounds().Max.X; x++ {
			if one.At(x, y) != two.At(x, y) {
				return false
			}
		}
	}
	return true
}

// Of a JPEG the points and the way it is turned stay, and nothing that tells where it was taken,
// wherever that stands.
func TestMetadataOfAJPEGGoes(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		plain := jpegOf(t, drawing(rapid.IntRange(1, 90).Draw(r, "width"), rapid.IntRange(1, 90).Draw(r, "height")))
		orientation := rapid.IntRange(1, 8).Draw(r, "orientation")
		picture := slices.Clone(plain)
		for range rapid.IntRange(0, 4).Draw(r, "segments") {
			marker := rapid.SampledFrom([]byte{app1, app2, 0xe3, 0xec, 0xed, 0xef, com}).Draw(r, "marker")
			picture = withSegment(picture, marker, append([]byte(rapid.StringMatching(`[a-z]{0,30}`).Draw(r, "text")), secret...))
		}
		picture = withSegment(picture, app1, gpsEXIF(orientation))
		picture = append(append(picture, secret...), picture...) // a film, or a second picture, behind the first
		out, learnt, err := cleaned(forms[typeJPEG], picture)
		if err != nil || bytes.Contains(out, []byte(secret)) || learnt.orientation != orientation || !same(t, forms[typeJPEG], plain, out) {
			r.Fatalf("orientation %d, %v", learnt.orientation, err)
		}
		again, learnt, err := cleaned(forms[typeJPEG], out)
		if err != nil || learnt.orientation != orientation || !bytes.Equal(out, again) {
			r.Fatalf("cleaned twice: orientation %d, %v", learnt.orientation, err)
		}
	})
}

func TestColoursOfAJPEGStay(t *testing.T) {
	profile := append([]byte("ICC_PROFILE\x00\x01\x01"), strings.Repeat("colour", 50)...)
	out, _, err := cleaned(forms[typeJPEG], withSegment(jpegOf(t, drawing(8, 8)), app2, profile))
	if err != nil || !bytes.Contains(out, profile) {
		t.Errorf("the colour profile is gone: %v", err)
	}
}

func TestMetadataOfOthersGoes(t *testing.T) {
	plain := drawing(30, 20)
	comment := append([]byte{gifExtension, gifComment, byte(len(secret))}, append([]byte(secret), 0)...)
	xmp := append([]byte{gifExtension, gifApplication, 11}, append([]byte("XMP DataXMP"), append([]byte{byte(len(secret))}, append([]byte(secret), 0)...)...)...)
	repeat := append([]byte{gifExtension, gifApplication, 11}, []byte("NETSCAPE2.0\x03\x01\x00\x00\x00")...)
	film := gifOf(t, plain)
	head := 13 + int(colours(film[10]))
	film = slices.Concat(film[:head], comment, xmp, repeat, film[head:])
	for mime, picture := range map[string][]byte{
		typePNG: withChunk(withChunk(pngOf(t, plain), "eXIf", []byte(secret)), "tEXt", []byte("Comment\x00"+secret)),
		typeGIF: film,
	} {
		out, _, err := cleaned(forms[mime], append(picture, secret...))
		if err != nil || bytes.Contains(out, []byte(secret)) || !same(t, forms[mime], picture, out) {
			t.Errorf("%s: %v", mime, err)
		}
		if mime == typeGIF && !bytes.Contains(out, repeat) {
			t.Error("the film is not repeated any more")
		}
	}
}

// webpOf is a picture of one point, in the extended form.
func webpOf(chunks ...string) []byte {
	const point = "VP8L\x0d\x00\x00\x00\x2f\x00\x00\x00\x10\x07\x10\x11\x11\x88\x88\xfe\x07\x00"
	body := "WEBPVP8X\x0a\x00\x00\x00\x0c\x00\x00\x00\x00\x00\x00\x00\x00\x00" + point
	for i := 0; i < len(chunks); i += 2 {
		body += chunks[i] + string(binary.LittleEndian.AppendUint32(nil, uint32(len(chunks[i+1])))) + chunks[i+1] + strings.Repeat("\x00", len(chunks[i+1])%2)
	}
	return []byte("RIFF" + string(binary.LittleEndian.AppendUint32(nil, uint32(len(body)))) + body)
}

func TestMetadataOfAWebPGoes(t *testing.T) {
	picture := webpOf("EXIF", secret, "XMP ", secret+"!")
	out, _, err := cleaned(forms[typeWebP], append(picture, secret...))
	if err != nil || bytes.Contains(out, []byte(secret)) || out[20]&webpTells != 0 || !same(t, forms[typeWebP], picture, out) {
		t.Errorf("%v: %q", err, out)
	}
}

// A preview is upright: it shows what turning the whole picture would.
func TestPreviewsAreUpright(t *testing.T) {
	// Where the quarter that is red and blue lies once the picture is turned.
	corners := map[int]image.Point{1: {0, 0}, 2: {1, 0}, 3: {1, 1}, 4: {0, 1}, 5: {0, 0}, 6: {1, 0}, 7: {1, 1}, 8: {0, 1}}
	for orientation, corner := range corners {
		small := shrink(drawing(1200, 800), orientation, previewSide)
		want := image.Pt(480, 320)
		if orientation >= 5 {
			want = image.Pt(320, 480)
		}
		if small.Bounds().Size() != want {
			t.Errorf("%d: %v", orientation, small.Bounds())
		}
		for _, at := range []image.Point{{0, 0}, {1, 0}, {0, 1}, {1, 1}} {
			r, _, b, _ := small.At(want.X/4+at.X*want.X/2, want.Y/4+at.Y*want.Y/2).RGBA()
			if both := r > 0x8000 && b > 0x8000; both != (at == corner) {
				t.Errorf("%d: at %v: %x %x", orientation, at, r, b)
			}
		}
	}
	if size := shrink(drawing(30, 20), 1, previewSide).Bounds().Size(); size != image.Pt(30, 20) {
		t.Errorf("a small picture was made %v", size)
	}
}
