# Verifies a manifest the way ec2-ami-tools does: not over its source, but over what REXML makes of it.
# usage: ruby verify.rb MANIFEST CERTIFICATE
# Prints the names of the image and of its parts, a line each. Exits 1 if the signature is wrong.

require 'openssl'
require 'rexml/document'

document = REXML::Document.new(File.read(ARGV[0]))
text = document.to_s

signed = %w[machine_configuration image].map do |name|
  close = "</#{name}>"
  text[text.index("<#{name}>")...text.index(close) + close.size]
end

certificate = OpenSSL::X509::Certificate.new(File.read(ARGV[1]))
signature = [document.root.elements['signature'].text].pack('H*')
abort 'signature is wrong' unless certificate.public_key.verify(OpenSSL::Digest.new('SHA1'), signature, signed.join)

names = ['image/name', 'image/parts/part/filename'].flat_map do |path|
  document.root.get_elements(path).map(&:text)
end
puts names
