// Verify_channel checks one log of an export with code that gridproof did not write: Go's sumdb note and tlog.
//
//	verify_channel CHANNEL_DIR LOG_VKEY [COSIGNER_VKEY...]
//
// In this order: (1) the note in CHANNEL_DIR/checkpoint opens with the log's key, and with every cosigner's key that
// is given; (2) its text is a tree head whose origin is the log key's name; (3) every entry in tile/entries/ has the
// record hash that the hash tiles hold for it, and tlog authenticates these tiles against the tree head; (4) the
// first and the last record of every bundle have a record proof.
//
// tlog's own tiles live at tile/8/<L>/<N>, C2SP's at tile/<L>/<N>: tilePath maps the one to the other.
package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const (
	tileHeight     = 8
	tileWidth      = 1 << tileHeight
	algCosignature = 4
)

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: verify_channel CHANNEL_DIR LOG_VKEY [COSIGNER_VKEY...]")
		os.Exit(2)
	}
	count, err := verify(os.Args[1], os.Args[2], os.Args[3:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "verify_channel:", err)
		os.Exit(1)
	}
	fmt.Println(count, "entries verified")
}

func verify(dir, logKey string, cosignerKeys []string) (int64, error) {
	tree, err := openCheckpoint(dir, logKey, cosignerKeys)
	if err != nil {
		return 0, err
	}
	if tree.N == 0 && tree.Hash != sha256.Sum256(nil) {
		return 0, errors.New("checkpoint: the root of an empty log is not the empty root")
	}
	hashes := tlog.TileHashReader(tree, &folder{dir: dir, seen: map[tlog.Tile][]byte{}})
	for first := int64(0); first < tree.N; first += tileWidth {
		count := tree.N - first
		if count > tileWidth {
			count = tileWidth
		}
		if err := verifyBundle(dir, tree, hashes, first, count); err != nil {
			return 0, err
		}
	}
	return tree.N, nil
}

func openCheckpoint(dir, logKey string, cosignerKeys []string) (tlog.Tree, error) {
	data, err := os.ReadFile(filepath.Join(dir, "checkpoint"))
	if err != nil {
		return tlog.Tree{}, err
	}
	log, err := note.NewVerifier(logKey)
	if err != nil {
		return tlog.Tree{}, err
	}
	verifiers := []note.Verifier{log}
	for _, key := range cosignerKeys {
		cosigner, err := newCosigner(key)
		if err != nil {
			return tlog.Tree{}, err
		}
		verifiers = append(verifiers, cosigner)
	}
	opened, err := note.Open(data, note.VerifierList(verifiers...))
	if err != nil {
		return tlog.Tree{}, fmt.Errorf("checkpoint: %w", err)
	}
	if len(opened.Sigs) != len(verifiers) {
		return tlog.Tree{}, fmt.Errorf("checkpoint: %d of %d keys have signed", len(opened.Sigs), len(verifiers))
	}
	return parseTree(opened.Text, log.Name())
}

// parseTree reads a C2SP checkpoint with tlog's parser, which knows the same three lines under another first line.
func parseTree(text, origin string) (tlog.Tree, error) {
	rest := strings.TrimPrefix(text, origin+"\n")
	if rest == text {
		return tlog.Tree{}, fmt.Errorf("checkpoint: not of origin %s", origin)
	}
	return tlog.ParseTree([]byte("go.sum database tree\n" + rest))
}

func verifyBundle(dir string, tree tlog.Tree, hashes tlog.HashReader, first, count int64) error {
	path := tilePath(tlog.Tile{H: tileHeight, L: -1, N: first / tileWidth, W: int(count)})
	data, err := os.ReadFile(filepath.Join(dir, path))
	if err != nil {
		return err
	}
	entries, err := parseBundle(data, int(count))
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	indexes := make([]int64, count)
	for i := range indexes {
		indexes[i] = tlog.StoredHashIndex(0, first+int64(i))
	}
	authentic, err := hashes.ReadHashes(indexes)
	if err != nil {
		return fmt.Errorf("hash tiles of %s: %w", path, err)
	}
	for i, entry := range entries {
		if tlog.RecordHash(entry) != authentic[i] {
			return fmt.Errorf("%s: entry %d is not the one in the tree", path, first+int64(i))
		}
	}
	for _, i := range []int64{0, count - 1} {
		if err := proveRecord(tree, hashes, first+i, tlog.RecordHash(entries[i])); err != nil {
			return fmt.Errorf("record proof of entry %d: %w", first+i, err)
		}
	}
	return nil
}

func proveRecord(tree tlog.Tree, hashes tlog.HashReader, index int64, hash tlog.Hash) error {
	proof, err := tlog.ProveRecord(tree.N, index, hashes)
	if err != nil {
		return err
	}
	return tlog.CheckRecord(proof, tree.N, tree.Hash, index, hash)
}

func parseBundle(data []byte, count int) ([][]byte, error) {
	var entries [][]byte
	for len(entries) < count {
		if len(data) < 2 || len(data)-2 < int(binary.BigEndian.Uint16(data)) {
			return nil, errors.New("the bundle ends within an entry")
		}
		end := 2 + int(binary.BigEndian.Uint16(data))
		entries = append(entries, data[2:end])
		data = data[end:]
	}
	if len(data) != 0 {
		return nil, errors.New("bytes behind the last entry")
	}
	return entries, nil
}

func tilePath(tile tlog.Tile) string {
	path := strings.TrimPrefix(tile.Path(), "tile/8/")
	if tile.L == -1 {
		path = "entries" + strings.TrimPrefix(path, "data")
	}
	return "tile/" + path
}

// folder reads hash tiles from a channel's folder, each once.
type folder struct {
	dir  string
	seen map[tlog.Tile][]byte
}

func (f *folder) Height() int { return tileHeight }

func (f *folder) SaveTiles([]tlog.Tile, [][]byte) {}

func (f *folder) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	contents := make([][]byte, len(tiles))
	for i, tile := range tiles {
		if f.seen[tile] == nil {
			data, err := os.ReadFile(filepath.Join(f.dir, tilePath(tile)))
			if err != nil {
				return nil, err
			}
			f.seen[tile] = data
		}
		contents[i] = f.seen[tile]
	}
	return contents, nil
}

// cosigner is a note.Verifier for C2SP cosignature/v1, which golang.org/x/mod does not bring.
type cosigner struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

func newCosigner(vkey string) (*cosigner, error) {
	parts := strings.SplitN(vkey, "+", 3)
	if len(parts) != 3 {
		return nil, errors.New("malformed cosigner key")
	}
	material, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil || len(material) != 1+ed25519.PublicKeySize || material[0] != algCosignature {
		return nil, errors.New("malformed cosigner key")
	}
	sum := sha256.Sum256(append([]byte(parts[0]+"\n"), material...))
	hash := binary.BigEndian.Uint32(sum[:])
	if fmt.Sprintf("%08x", hash) != parts[1] {
		return nil, errors.New("cosigner key with a foreign id")
	}
	return &cosigner{parts[0], hash, material[1:]}, nil
}

func (c *cosigner) Name() string    { return c.name }
func (c *cosigner) KeyHash() uint32 { return c.hash }

func (c *cosigner) Verify(text, signature []byte) bool {
	if len(signature) != 8+ed25519.SignatureSize {
		return false
	}
	var message bytes.Buffer
	fmt.Fprintf(&message, "cosignature/v1\ntime %d\n", binary.BigEndian.Uint64(signature))
	message.Write(text)
	return ed25519.Verify(c.key, message.Bytes(), signature[8:])
}
