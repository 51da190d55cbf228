package files

import (
	"context"
	"fmt"
	"io"
	"net/url"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// S3Settings name S3-compatible storage.
type S3Settings struct {
	Endpoint  string // https://s3.example.org
	Region    string // may be empty
	Bucket    string // must be there
	AccessKey string
	SecretKey string
}

// S3 keeps blobs as objects of one bucket.
type S3 struct {
	client *minio.Client
	bucket string
}

// NewS3 asks whether the bucket is there, so that wrong settings stop the start.
func NewS3(ctx context.Context, s S3Settings) (*S3, error) {
	at, err := url.Parse(s.Endpoint)
	if err != nil || at.Host == "" || at.Scheme != "https" && at.Scheme != "http" {
		return nil, fmt.Errorf("files: %q is no address of S3 storage: write https://host", s.Endpoint)
	}
	client, err := minio.New(at.Host, &minio.Options{
		Creds: credentials.NewStaticV4(s.AccessKey, s.SecretKey, ""), Secure: at.Scheme == "https", Region: s.Region, BucketLookup: minio.BucketLookupPath,
	})
	if err != nil {
		return nil, fmt.Errorf("files: s3: %w", err)
	}
	there, err := client.BucketExists(ctx, s.Bucket)
	if err != nil {
		return nil, fmt.Errorf("files: s3: %w", err)
	}
	if !there {
		return nil, fmt.Errorf("files: s3: there is no bucket %q", s.Bucket)
	}
	return &S3{client: client, bucket: s.Bucket}, nil
}

// Put copies the file; large ones go in parts, read from the disk as they are sent.
func (s *S3) Put(ctx context.Context, key Key, path, contentType string) error {
	_, err := s.client.FPutObject(ctx, s.bucket, key.String(), path, minio.PutObjectOptions{ContentType: contentType})
	if err != nil {
		return fmt.Errorf("files: s3: %w", err)
	}
	return nil
}

// Open gives the blob; where it is read, only that range is fetched.
func (s *S3) Open(ctx context.Context, key Key) (io.ReadSeekCloser, error) {
	object, err := s.client.GetObject(ctx, s.bucket, key.String(), minio.GetObjectOptions{})
	if err != nil {
		return nil, fmt.Errorf("files: s3: %w", err)
	}
	if _, err := object.Stat(); err != nil {
		_ = object.Close()
		if minio.ToErrorResponse(err).Code == minio.NoSuchKey {
			return nil, ErrAbsent
		}
		return nil, fmt.Errorf("files: s3: %w", err)
	}
	return object, nil
}

// Remove removes the blob.
func (s *S3) Remove(ctx context.Context, key Key) error {
	err := s.client.RemoveObject(ctx, s.bucket, key.String(), minio.RemoveObjectOptions{})
	if err != nil && minio.ToErrorResponse(err).Code != minio.NoSuchKey {
		return fmt.Errorf("files: s3: %w", err)
	}
	return nil
}
