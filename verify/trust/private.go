package trust

import (
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"

	"github.com/youmark/pkcs8"
)

// ErrPassword tells that a private key is encrypted and that the password is
// missing or wrong.
var ErrPassword = errors.New("the private key is encrypted: give its password")

const blockEncryptedKey = "ENCRYPTED PRIVATE KEY"

// LoadPrivateKey reads the one private key of a PEM file: PKCS #8, plain or
// encrypted with a password (RFC 5958, PBES2), or SEC 1 (RFC 5915), as openssl
// writes them. The error wraps ErrPassword when only the password is wrong.
func LoadPrivateKey(path string, password []byte) (crypto.Signer, error) {
	data, err := ReadFile(path, MaxFile)
	if err != nil {
		return nil, err
	}
	key, err := ParsePrivateKey(data, password)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return key, nil
}

// ParsePrivateKey is LoadPrivateKey of a file's content.
func ParsePrivateKey(data, password []byte) (crypto.Signer, error) {
	block, err := privateBlock(data)
	if err != nil {
		return nil, err
	}
	key, err := decodePrivate(block, password)
	if err != nil {
		return nil, err
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("a %T cannot sign", key)
	}
	return signer, nil
}

// privateBlock finds the one private key. 'openssl ecparam -genkey' writes a
// block of parameters before it.
func privateBlock(data []byte) (*pem.Block, error) {
	var found *pem.Block
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		switch {
		case block.Type == "EC PARAMETERS":
		case !strings.HasSuffix(block.Type, "PRIVATE KEY"):
			return nil, fmt.Errorf("block %q in the file: give the private key alone", block.Type)
		case found != nil:
			return nil, errors.New("more than one private key in the file: give one file for each key")
		default:
			found = block
		}
	}
	if found == nil {
		return nil, errors.New("no PEM block 'PRIVATE KEY' in the file")
	}
	return found, nil
}

func decodePrivate(block *pem.Block, password []byte) (any, error) {
	switch {
	case block.Headers["DEK-Info"] != "":
		return nil, errors.New("encrypted in a form that protects little: convert it with 'openssl pkcs8 -topk8 -in FILE'")
	case block.Type == blockEncryptedKey && len(password) == 0:
		return nil, ErrPassword
	case block.Type == blockEncryptedKey:
		key, _, err := pkcs8.ParsePrivateKey(block.Bytes, password)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrPassword, err)
		}
		return key, nil
	case block.Type == "PRIVATE KEY":
		return x509.ParsePKCS8PrivateKey(block.Bytes)
	case block.Type == "EC PRIVATE KEY":
		return x509.ParseECPrivateKey(block.Bytes)
	}
	return nil, fmt.Errorf("private key of type %q: convert it with 'openssl pkcs8 -topk8 -in FILE'", block.Type)
}
