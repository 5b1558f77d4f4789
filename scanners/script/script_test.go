package script

import (
	"encoding/binary"
	"errors"
	"strings"
	"testing"

	"assay/scanners"
	"assay/scanners/scannertest"
)

var list = []scanners.Scanner{New()}

// pe builds the two headers that make a Windows program, with nothing behind.
func pe(at uint32) []byte {
	b := make([]byte, at+4)
	copy(b, "MZ")
	binary.LittleEndian.PutUint32(b[0x3c:], at)
	copy(b[at:], "PE\x00\x00")
	return b
}

func pyc(header int) []byte {
	b := append([]byte("\xa7\x0d\r\n"), make([]byte, header-4)...)
	return append(b, "\xe3 a code object would follow"...)
}

func TestRules(t *testing.T) {
	elf := []byte("\x7fELF\x02\x01\x01" + strings.Repeat("\x00", 57))
	scannertest.CheckRules(t, New(), []scannertest.Sample{
		{Rule: "script/source-code", Name: "model.jl", Hit: []byte("using Flux\n")},
		{Rule: "script/source-code", Name: "x", Miss: elf},
		{Rule: "script/source-code", Name: "explore.Rmd", Hit: []byte("```{r}\n")},
		{Rule: "script/source-code", Name: "install", Hit: []byte("#!/usr/bin/perl\nprint 1;\n")},
		{Rule: "script/source-code", Name: "card.txt", Hit: []byte("<?php echo 1;")},
		{Rule: "script/source-code", Name: "run.vbs", Hit: []byte("\xff\xfee\x00c\x00h\x00o\x00")},
		{Rule: "script/source-code", Name: "kernel.cu", Hit: []byte("__global__ void f() {}\n")},
		{Rule: "script/native-code", Name: "weights.bin", Hit: elf, Miss: pyc(16)},
		{Rule: "script/native-code", Name: "x", Hit: pe(0x80), Miss: []byte("\x00asm\x01\x00\x00\x00")},
		{Rule: "script/native-code", Name: "x", Hit: pe(100_000)},
		{Rule: "script/native-code", Name: "x", Hit: []byte("MZqFpD='\nan APE")},
		{Rule: "script/native-code", Name: "x", Hit: []byte("\xcf\xfa\xed\xfe\x07\x00\x00\x01")},
		{Rule: "script/native-code", Name: "x", Hit: []byte("\xca\xfe\xba\xbe\x00\x00\x00\x02"), Miss: []byte("\xca\xfe\xba\xbe\x00\x00\x00\x34")},
		{Rule: "script/native-code", Name: "lib.so.1", Hit: []byte("anything")},
		{Rule: "script/bytecode", Name: "x", Hit: pyc(16), Miss: elf},
		{Rule: "script/bytecode", Name: "x", Hit: pyc(8)},
		{Rule: "script/bytecode", Name: "x", Hit: []byte("\xca\xfe\xba\xbe\x00\x00\x00\x34")},
		{Rule: "script/bytecode", Name: "a.CLASS", Hit: []byte("anything")},
	})
}

// Code is never covered, whatever else is known about it.
func TestNotCovered(t *testing.T) {
	for name, data := range map[string][]byte{
		"a.cpp": []byte("int x;\n"), "b.rmd": []byte("{}"), "c": pe(0x100), "d": pyc(16), "e.js": []byte("1"),
	} {
		report := scannertest.Scan(list, name, data)
		if len(report.Gaps) != 1 || report.Gaps[0].Code != scanners.GapUnsupported || report.Coverage.Skipped != int64(len(data)) {
			t.Errorf("%s: gaps %v, coverage %+v", name, report.Gaps, report.Coverage)
		}
	}
}

func TestDeclines(t *testing.T) {
	for name, data := range map[string]string{
		"net/code/__torch__/nn.py": "class A(Module):\n  __parameters__ = []\n",
		"model.ts":                 "PK\x03\x04\x00\x00\x08\x08",
		"README.md":                "# Model\n",
		"mozart.txt":               "MZ is short for Mozart, who wrote much music in a short and busy life.\n",
		"config.json":              "{}",
		"rows.csv":                 "id\r\n1234cat and a dog\n",
		"model.safetensors":        "MZ\x00\x00\x00\x00\x00\x00{\"a.weight.of.a.layer.with.a.long.name\":{\"dtype\":\"F32\",\"shape\"",
		"weights.bin":              "\x80\x02}q\x00.",
		"version":                  "3\n",
	} {
		if _, err := scannertest.Run(New(), name, []byte(data)); !errors.Is(err, scanners.ErrNotRecognised) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzScan(f *testing.F) {
	f.Add("a.py", []byte("# coding: utf-7\n"))
	f.Add("x", pe(0x40))
	f.Add("x", pyc(12))
	f.Add("x.ts", []byte("#!/bin/sh\x00"))
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		scannertest.Properties(t, New(), name, data)
	})
}
