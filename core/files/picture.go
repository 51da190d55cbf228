package files

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"os"

	"golang.org/x/image/webp"
)

// form is how pictures of one type are read and cleaned.
type form struct {
	config func(io.Reader) (image.Config, error)
	decode func(io.Reader) (image.Image, error)
	// clean copies the picture without its metadata, and answers how it is to be turned (as EXIF
	// counts it, 1 to 8) and whether it comes in passes, which take more memory to decode.
	clean func(w *bufio.Writer, r *bufio.Reader, size int64) (found, error)
}

// found is what cleaning has learnt of a picture.
type found struct {
	orientation int
	passes      bool
}

var forms = map[string]form{
	typeJPEG: {jpeg.DecodeConfig, jpeg.Decode, cleanJPEG},
	typePNG:  {png.DecodeConfig, png.Decode, cleanPNG},
	typeGIF:  {gif.DecodeConfig, gif.Decode, cleanGIF},
	typeWebP: {webp.DecodeConfig, webp.Decode, cleanWebP},
}

// measure reads the size that a picture says it has, and refuses one too large before it is decoded.
func (f form) measure(file *os.File) (image.Config, error) {
	config, err := f.config(io.NewSectionReader(file, 0, 1<<62))
	switch {
	case err != nil || config.Width <= 0 || config.Height <= 0:
		return config, errBroken
	case int64(config.Width)*int64(config.Height) > MaxPixels:
		return config, errPixels
	}
	return config, nil
}

const (
	previewSide = 480 // pixels of the longer side
	// drawn is the most memory that decoding a picture may take; a larger one has no preview.
	drawn = 256 << 20
)

// memory is about what decoding takes.
func memory(config image.Config, mime string, passes bool) int64 {
	each := int64(4)
	switch config.ColorModel {
	case color.NRGBA64Model, color.RGBA64Model:
		each = 8
	case color.GrayModel:
		each = 1
	}
	if mime == typeGIF {
		each = 1
	}
	if passes {
		each += 8 // coefficients are kept until the last pass
	}
	return each * int64(config.Width) * int64(config.Height)
}

// preview writes a small JPEG of the picture, upright and without any metadata; false when it is too
// large, or cannot be drawn: a file may be good for others and not for our decoder.
func (k *Keeper) preview(ctx context.Context, file *os.File, t Type, config image.Config, learnt found) (path string, made bool, err error) {
	if memory(config, t.MIME, learnt.passes) > drawn {
		return "", false, nil
	}
	select {
	case k.drawing <- struct{}{}:
		defer func() { <-k.drawing }()
	case <-ctx.Done():
		return "", false, ctx.Err()
	}
	picture, err := forms[t.MIME].decode(bufio.NewReader(io.NewSectionReader(file, 0, 1<<62)))
	if err != nil {
		return "", false, nil
	}
	out, err := k.create()
	if err != nil {
		return "", false, err
	}
	err = jpeg.Encode(out, shrink(picture, learnt.orientation, previewSide), &jpeg.Options{Quality: 80})
	if err = errors.Join(err, out.Close()); err != nil {
		_ = os.Remove(out.Name())
		return "", false, fmt.Errorf("files: preview: %w", err)
	}
	return out.Name(), true, nil
}

// shrink draws the picture upright and at most so large, on white. Each point is the mean of some
// points of what it stands for.
func shrink(picture image.Image, orientation, side int) image.Image {
	from := picture.Bounds()
	width, height := from.Dx(), from.Dy()
	if orientation >= 5 {
		width, height = height, width
	}
	w, h := width, height
	if longer := max(width, height); longer > side {
		w, h = max(1, width*side/longer), max(1, height*side/longer)
	}
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	const grid = 4
	for y := range h {
		for x := range w {
			var sum [3]uint32
			for i := range grid * grid {
				px := (x*grid + i%grid) * width / (w * grid)
				py := (y*grid + i/grid) * height / (h * grid)
				sx, sy := upright(orientation, px, py, width, height)
				r, g, b, a := picture.At(from.Min.X+sx, from.Min.Y+sy).RGBA()
				white := 0xffff - a
				sum[0], sum[1], sum[2] = sum[0]+r+white, sum[1]+g+white, sum[2]+b+white
			}
			mean := func(i int) uint8 { return uint8(sum[i] / (grid * grid) >> 8) }
			out.SetRGBA(x, y, color.RGBA{R: mean(0), G: mean(1), B: mean(2), A: 0xff})
		}
	}
	return out
}

// upright is where a point of the upright picture (width by height) lies in the one that is kept.
func upright(orientation, x, y, width, height int) (sx, sy int) {
	right, bottom := width-1, height-1
	switch orientation {
	case 2:
		return right - x, y
	case 3:
		return right - x, bottom - y
	case 4:
		return x, bottom - y
	case 5:
		return y, x
	case 6:
		return y, right - x
	case 7:
		return bottom - y, right - x
	case 8:
		return bottom - y, x
	}
	return x, y
}
