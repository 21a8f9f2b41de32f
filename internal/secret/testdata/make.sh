#!/bin/sh
# Makes Java's key stores anew with keytool of a JDK. Those that are kept are of OpenJDK 17.
set -eu
cd "$(dirname "$0")"
rm -f ./*.jks ./*.jceks ./*.p12 certificate
pair() { keytool -genkeypair -keyalg EC -dname CN=test -storepass abcdef -keypass abcdef "$@" 2>/dev/null; }
pair -storetype JKS -keystore key.jks
pair -storetype JCEKS -keystore key.jceks
pair -storetype PKCS12 -keystore key.p12
keytool -exportcert -alias mykey -keystore key.p12 -storepass abcdef -file certificate 2>/dev/null
for type in JKS JCEKS PKCS12; do
	extension=$(echo "$type" | tr A-Z a-z | sed 's/pkcs12/p12/')
	keytool -importcert -noprompt -storetype "$type" -file certificate -keystore "certificate.$extension" -storepass abcdef 2>/dev/null
done
rm certificate
