#!/bin/sh
# makes a database with rpm 4.16 or later: ./make.sh >rpmdb.sqlite.gz
set -e
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT
for n in $(seq 1 16); do
	files=$(for i in $(seq 1 $((n * n / 8 + 1))); do echo "/usr/share/p$n/d$((i % 3))/file-$i"; done)
	cat >"$dir/p.spec" <<END
Name: p$n
Version: 1.$n
Release: 1
Summary: a package
License: none
BuildArch: noarch
%description
%install
for f in $(echo $files); do mkdir -p %{buildroot}\$(dirname \$f); echo >%{buildroot}\$f; done
%files
$files
END
	SOURCE_DATE_EPOCH=1700000000 rpmbuild -bb --quiet --define "_topdir $dir" --define "_buildhost x" --define "use_source_date_epoch_as_buildtime 1" "$dir/p.spec" >&2
done
rpm --initdb --dbpath "$dir/db" --define "_db_backend sqlite"
rpm -i --justdb --nodeps --noscripts --dbpath "$dir/db" --define "_db_backend sqlite" "$dir"/RPMS/noarch/*.rpm >&2
gzip -9nc "$dir/db/rpmdb.sqlite"
